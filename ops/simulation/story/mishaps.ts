/** Mishaps: what a real story engine sends wrong. Repeats after a lost answer, late queues, old clients, bugs. Pure. */
import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Chance, Range } from "./chance.ts";

/** By how often each happens, of 100 mishaps. */
export const MISHAPS = {
  /** The same bytes again at once: the acknowledgement was lost. JetStream drops it. */
  retry: 40,
  /** The same bytes again long after: a queue was replayed. The world drops it. */
  late_retry: 16,
  /** Another deed under a key that was used before. */
  reused_key: 8,
  /** A field too few, too many, of the wrong type or out of bounds. */
  garbled: 18,
  /** A deed of long ago: an engine that was offline. */
  stale: 8,
  /** A territory that the map doesn't have any more. */
  lost_place: 6,
  /** A deed for another faction than the player's. */
  turncoat: 4,
} as const;
export type Mishap = keyof typeof MISHAPS;

/** JetStream knows a message id for two minutes; the world knows a key for longer. */
export const RETRY_MS: Range = [300, 3_000];
export const LATE_RETRY_MS: Range = [130_000, 240_000];
const STALE_MS: Range = [25 * 3_600_000, 40 * 3_600_000];

/** What is sent instead of `candidate`; its realm, player and key stay, so that it can still be addressed. */
export function spoil(
  candidate: Candidate,
  mishap: "garbled" | "stale" | "lost_place" | "turncoat",
  factionIds: readonly string[],
  chance: Chance,
): Record<string, unknown> {
  switch (mishap) {
    case "garbled":
      return garble(candidate, chance);
    case "stale": {
      const occurredAtMs = Date.parse(candidate.occurred_at) - chance.within(STALE_MS);
      return { ...candidate, occurred_at: new Date(occurredAtMs).toISOString() };
    }
    case "lost_place":
      return { ...candidate, territory_id: "old_harbor" };
    case "turncoat": {
      const rivals = factionIds.filter((id) => id !== candidate.faction_id);
      return { ...candidate, faction_id: chance.pick(rivals) };
    }
    default:
      return mishap satisfies never;
  }
}

function garble(candidate: Candidate, chance: Chance): Record<string, unknown> {
  const { stakes, ...withoutStakes } = candidate;
  return chance.pick<() => Record<string, unknown>>([
    () => withoutStakes,
    () => ({ ...candidate, stakes: stakes / 10_000 + 0.00005 }),
    () => ({ ...candidate, base_points: -candidate.base_points }),
    () => ({ ...candidate, base_points: `${candidate.base_points}` }),
    () => ({ ...candidate, mood: "triumphant" }),
    () => ({ ...candidate, occurred_at: candidate.occurred_at.replace("T", " ") }),
  ])();
}
