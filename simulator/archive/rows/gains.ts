/** The gains of a tick's factions from three sources: its record, its ledger, and the influence before and after it. */

import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { DerivedEvent, FactionState, PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import { find } from "../../../shared/exact/by-id.ts";
import { mul, sortedKeys } from "../../../shared/exact/integers.ts";
import { INFLUENCE_KEPT_BP } from "../../../shared/world/carried-over.ts";
import { sincePreviousMs } from "../../../shared/world/due.ts";
import { lateness } from "../../../shared/world/influence-decay.ts";

/** `record`: when the tick was, from when the next one's length counts, and whether the realm stood still after it. */
type Standing = {
  factions: Record<string, FactionState>;
  record: Pick<PublicState, "at" | "due_from" | "status">;
};

/**
 * Per faction three numbers must be one, to the milli-point: Σ `applied_points` of the ledger, `min(sum, cap)` of the tick's
 * record, and the influence after the tick less what decay, a season's opening, corrections and voids left of the influence before
 * it. What voids took and gave back are rows of the ledger too.
 * `applied`: milli-points by faction. Answers a sentence for each that isn't.
 */
export function ledgerProblems(
  before: Standing,
  after: {
    factions: Record<string, FactionState>;
    record: TickRecord;
    ruleset: Pick<Ruleset, "tick_seconds" | "influence">;
  },
  applied: ReadonlyMap<string, number>,
): string[] {
  const { record, factions } = after;
  const at = `tick ${record.tick}`;
  const problems = [...applied]
    .filter(([id, points]) => points !== 0 && find(record.factions, id) === undefined)
    .map(([id]) => `${at}: the ledger has points of ${id}, the record doesn't know it`);
  const keep = keptOf(before, after);
  for (const id of sortedKeys(record.factions)) {
    const { sum, cap } = record.factions[id]!;
    const counted = Math.min(sum, cap);
    const repaired = record.events.reduce((sum, event) => sum + givenBack(event, id), 0);
    const ledger = (applied.get(id) ?? 0) - repaired;
    if (ledger !== counted)
      problems.push(`${at}: ${id} gained ${counted} by its record, ${ledger} by the ledger`);
    const moved = (find(factions, id)?.influence ?? 0) - keep(id, find(before.factions, id)?.influence ?? 0);
    if (moved !== counted)
      problems.push(`${at}: ${id} gained ${counted} by its record, ${moved} by its influence`);
  }
  return problems;
}

/** Milli-points that an event gave a faction back, negative where they were taken. */
function givenBack(event: DerivedEvent, id: string): number {
  if ((event.kind !== "void" && event.kind !== "restore") || event.faction !== id) return 0;
  return event.kind === "void" ? -event.points : event.points;
}

/** What is left of an influence before anything is gained. */
function keptOf(
  before: Standing,
  { record, ruleset }: { record: TickRecord; ruleset: Pick<Ruleset, "tick_seconds" | "influence"> },
): (faction: string, influence: number) => number {
  // The record of a tick of kind `status` has no factions.
  if (record.kind === "status") return (_, influence) => influence;
  const sinceMs = sincePreviousMs(before.record, record);
  const k = lateness(record.tick, sinceMs, ruleset.tick_seconds * 1_000);
  return (faction, influence) => {
    let kept = influence;
    // Commands come before decay, in the order in which they are told.
    for (const event of record.events) {
      if (event.kind === "season" && event.step === "open") kept = mul(kept, INFLUENCE_KEPT_BP);
      if (event.kind === "correct" && event.what === "influence" && event.of.faction === faction)
        kept = event.value;
      kept += givenBack(event, faction);
    }
    for (let i = 0; i < k; i++) kept -= mul(kept, ruleset.influence.decay_bp);
    return kept;
  };
}
