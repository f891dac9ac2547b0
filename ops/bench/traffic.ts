/** The benchmark's input: candidates of many players, all alike in size, a few of them wrong, the same in every run. */

import type { Bus } from "../../shared/stream/bus.ts";
import { type BatchMessage, publishBatch } from "../../shared/stream/publish.ts";
import { candidateMsgId } from "../../shared/stream/subjects.ts";
import { Chance } from "../simulation/story/chance.ts";

const FACTIONS = ["empire", "freeholds", "veilborn"];
const TERRITORIES = [
  "iron_gate",
  "crown_fields",
  "river_mouth",
  "salt_terrace",
  "mist_fen",
  "moon_stair",
  "hollow_cross",
];
/** So many actions per player: a busy day. RAW is filled within seconds, and more at once would be a burst. */
const PER_PLAYER = 10;
/** Of 10 000, those that name a territory that isn't there: they break bundles, as real traffic does. */
const WRONG_BP = 100;

/** The body of the n-th candidate of `total`, as JSON. */
export function candidateBody(
  realm: string,
  n: number,
  total: number,
  chance: Chance,
): { user: string; key: string; body: string; right: boolean } {
  const player = n % Math.max(1, Math.ceil(total / PER_PLAYER));
  const user = `player-${player}`;
  const key = `bench-key-${n}`;
  const right = !chance.happens(WRONG_BP);
  const body = JSON.stringify({
    v: 1,
    idempotency_key: key,
    realm_id: realm,
    faction_id: FACTIONS[player % FACTIONS.length],
    user_id: user,
    device_id: `device-${player}`,
    session_id: `session-${player}`,
    source: "combat_milestone",
    event_type: "territory_push",
    territory_id: right ? chance.pick(TERRITORIES) : "atlantis",
    action_key: "combat.skirmish",
    category: "combat",
    base_points: chance.within([20, 120]),
    stakes: chance.within([0, 10_000]),
    significance: chance.within([0, 10_000]),
    spend_tier: 0,
    occurred_at: new Date().toISOString(),
  });
  return { user, key, body, right };
}

/** Fills a subject with `total` candidates, in atomic batches; answers how many of them will be accepted. */
export async function fill(bus: Bus, subject: string, realm: string, total: number): Promise<number> {
  const chance = new Chance(7);
  let accepted = 0;
  for (let n = 0; n < total; ) {
    const batch: BatchMessage[] = [];
    for (; n < total && batch.length < 1_000; n++) {
      const { user, key, body, right } = candidateBody(realm, n, total, chance);
      if (right) accepted++;
      batch.push({ subject, data: body, msgId: candidateMsgId(user, key) });
    }
    await publishBatch(bus, batch, 30_000);
  }
  return accepted;
}
