/** The load of a chaos run: candidates, good and bad, and commands; each published until it is acknowledged, and noted. */

import { setTimeout as delay } from "node:timers/promises";
import { pause } from "../../shared/process/pause.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { candidateMsgId, commandMsgId, subjects } from "../../shared/stream/subjects.ts";
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
const IN_FLIGHT = 64;
/** It ends by itself, so that the steward has something to say, and is opened again and again. */
const CAMPAIGN = "siege";
const OPEN = {
  kind: "campaign.open",
  payload: { id: CAMPAIGN, goal: 1_000, min_contributors: 10, ticks: 2 },
};
const CHAOS = { type: "gm", id: "chaos" } as const;
/** Bodies from which repeats are drawn. */
const RECENT = 100;

/** A body to publish, with its message id. */
type Sending = { subject: string; msgId: string; body: string };

export class Load {
  /** Sequence in RAW of everything acknowledged, with its body. */
  readonly published = new Map<number, string>();
  readonly #bus: Bus;
  readonly #realm: string;
  readonly #chance: Chance;
  readonly #recent: string[] = ["{}"];
  #made = 0;

  constructor(bus: Bus, realm: string, seed: number) {
    this.#bus = bus;
    this.#realm = realm;
    this.#chance = new Chance(seed);
  }

  /** Publishes about `perSecond` messages a second until the signal, through every outage. */
  async run(perSecond: number, signal: AbortSignal): Promise<void> {
    const under = new Set<Promise<void>>();
    const pauseMs = 1_000 / perSecond;
    let dueMs = performance.now();
    while (!signal.aborted) {
      if (under.size >= IN_FLIGHT) await Promise.race(under);
      const sent = this.#send(this.#next()).finally(() => under.delete(sent));
      under.add(sent);
      dueMs = Math.max(dueMs + pauseMs, performance.now() - 100);
      const early = dueMs - performance.now();
      if (early > 1) await pause(early, signal);
    }
    await Promise.all(under);
  }

  /** An unanswered publish is repeated with the same id: JetStream stores it once. */
  async #send({ subject, msgId, body }: Sending): Promise<void> {
    for (;;) {
      try {
        const ack = await publishOne(this.#bus, { subject, msgId, data: body }, 2_000);
        if (!this.published.has(ack.seq)) this.published.set(ack.seq, body);
        return;
      } catch {
        await delay(100);
      }
    }
  }

  #next(): Sending {
    const n = ++this.#made;
    if (n % 100 === 0) return this.#command(n);
    const user = this.#chance.within([1, 2_000]);
    const key = `chaos-key-${n}`;
    const territory = this.#chance.pick(TERRITORIES);
    const candidate = {
      v: 1,
      idempotency_key: key,
      realm_id: this.#chance.within([1, 100]) === 1 ? "elsewhere" : this.#realm,
      faction_id: FACTIONS[user % FACTIONS.length],
      user_id: `player-${user}`,
      source: "combat_milestone",
      event_type: "territory_push",
      territory_id: this.#chance.within([1, 50]) === 1 ? "atlantis" : territory,
      action_key: "combat.skirmish",
      category: "combat",
      base_points: this.#chance.within([1, 120]),
      stakes: this.#chance.within([0, 10_000]),
      significance: this.#chance.within([0, 10_000]),
      occurred_at: new Date().toISOString(),
      ...(this.#chance.within([1, 4]) === 1 ? { campaign_id: CAMPAIGN } : {}),
    };
    // A repeated key comes as a new message now and then, as it does once JetStream's window is over.
    const repeated = this.#chance.within([1, 50]) === 1 ? this.#chance.pick(this.#recent) : undefined;
    const body = repeated ?? (this.#chance.within([1, 100]) === 1 ? "{not json" : JSON.stringify(candidate));
    this.#recent[this.#made % RECENT] = body;
    return {
      subject: subjects.rawCandidate(this.#realm),
      msgId: candidateMsgId(candidate.user_id, key),
      body,
    };
  }

  #command(n: number): Sending {
    return this.#commandOf(`chaos-command-${n}`, n % 200 === 0 ? { kind: "tick.run", payload: {} } : OPEN);
  }

  /** Stops the realm's clock, so that its streams have an end. */
  async freeze(): Promise<void> {
    await this.#send(
      this.#commandOf("chaos-freeze", { kind: "realm.status", payload: { status: "maintenance" } }),
    );
  }

  #commandOf(key: string, what: { kind: string; payload: object }): Sending {
    const body = JSON.stringify({
      v: 1,
      idempotency_key: key,
      realm_id: this.#realm,
      actor: CHAOS,
      ...what,
    });
    return { subject: subjects.rawCommand(this.#realm), msgId: commandMsgId(CHAOS, key), body };
  }
}
