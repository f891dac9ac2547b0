/** A realm's recorded past, written into EVENTS as normalizer and clock would have written it, for the real simulator to play. */
import { setTimeout as delay } from "node:timers/promises";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { BundleBuilder } from "../../shared/stream/codec.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { type BatchMessage, publishBatch } from "../../shared/stream/publish.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { Chance } from "../simulation/story/chance.ts";
import { runStages } from "./realm.ts";

/** What comes before the marker of one tick. */
export type Recorded = { accepted: Accepted[]; commands?: DecidedCommand[] };

/** Appends ticks `from` … `to`, each with what `of` gives it and a marker. Their times are those of writing. */
export async function recordTicks(
  bus: Bus,
  realm: string,
  { from, to }: { from: number; to: number },
  of: (tick: number) => Recorded,
): Promise<void> {
  const marked = await lastOf(bus, eventsStream(realm), subjects.tickMarker(realm));
  let expectedLastSubjectSeq = marked?.seq ?? 0;
  for (let tick = from; tick <= to; tick++) {
    const { accepted, commands = [] } = of(tick);
    const bundles = new BundleBuilder();
    for (const decision of accepted) bundles.push(subjects.accepted(realm), JSON.stringify(decision));
    for (const command of commands)
      bundles.push(subjects.command(realm), JSON.stringify({ ...command, realm_id: realm }));
    const messages: BatchMessage[] = bundles.finish();
    for (; messages.length > 999; messages.splice(0, 999)) await publishBatch(bus, messages.slice(0, 999));
    const marker: TickMarker = { realm, tick, kind: "scheduled" };
    messages.push({
      subject: subjects.tickMarker(realm),
      data: JSON.stringify(marker),
      expectedLastSubjectSeq,
    });
    expectedLastSubjectSeq = (await publishBatch(bus, messages)).seq;
  }
}

/** Runs the real simulator until it has committed tick `to`; at most a minute. */
export async function simulate(bus: Bus, realm: string, to: number): Promise<void> {
  const stages = runStages(bus, realm, ["simulator"]);
  try {
    for (const deadline = performance.now() + 60_000; performance.now() < deadline; await delay(20)) {
      const last = await lastOf(bus, worldStream(realm), subjects.tick(realm));
      if (last !== undefined && (JSON.parse(last.text()) as TickRecord).tick >= to) return;
    }
    throw new Error(`tick ${to} of ${realm} was not committed within a minute`);
  } finally {
    await stages.stop();
  }
}

/** A realm's people at play: the same for the same seed. A tick's events go to a few territories, as in a war. */
export function playOf(
  realm: string,
  places: { factions: readonly string[]; territories: readonly string[]; relics?: readonly string[] },
  { users, perTick, seed }: { users: number; perTick: number; seed: number },
): (tick: number) => Recorded {
  const chance = new Chance(seed);
  const { factions, territories, relics = [] } = places;
  return (tick) => {
    const fronts = Array.from({ length: Math.min(6, territories.length) }, () => chance.pick(territories));
    const accepted = Array.from({ length: perTick }, (_, i): Accepted => {
      const user = chance.within([0, users - 1]);
      const claims = relics.length > 0 && chance.happens(500);
      const at = new Date(Date.UTC(2026, 0, 1) + tick * 900_000).toISOString();
      const source_seq = tick * perTick + i + 1;
      return {
        v: 1,
        idempotency_key: `recorded-${source_seq}`,
        realm_id: realm,
        faction_id: factions[user % factions.length]!,
        user_id: `player-${user}`,
        source: "combat_milestone",
        event_type: claims ? "relic_claim" : "territory_push",
        ...(claims ? { relic_id: chance.pick(relics) } : { territory_id: chance.pick(fronts) }),
        action_key: "combat.skirmish",
        category: "combat",
        base_points: 100,
        stakes: 5_000,
        significance: 5_000,
        occurred_at: at,
        event_id: eventIdOf(source_seq),
        received_at: at,
        source_seq,
        validity_status: "accepted",
        factors: { quality_bp: 10_000, anti_spam_bp: 10_000, fairness_bp: 10_000 },
        normalized_points: chance.within([1_000, 120_000]),
        clipped: [],
        daily_cap_bucket: at.slice(0, 10),
        ruleset_version: 1,
      };
    });
    return { accepted };
  };
}

const STAND_INS: Record<string, string> = { 0: "w", 1: "x", 8: "y", 9: "z" };
/** 26 characters of base32, as event ids have, and each once. */
const eventIdOf = (n: number): string =>
  n
    .toString(32)
    .replace(/[0189]/g, (digit) => STAND_INS[digit]!)
    .padStart(26, "w");
