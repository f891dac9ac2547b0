/**
 * What is read already and takes effect with the next marker. The clock that writes markers goes by it: a new cadence, a
 * stop and a manual tick count at once.
 */
import type { RealmStatus } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import type { RecordedRuleset } from "../../shared/past/upcast.ts";
import { nextTickMs } from "../../shared/world/due.ts";
import type { Folding } from "../steps/fold.ts";

/** The ruleset and its version. The one in force may come by again, at a realm's first tick: it changes nothing. */
export function effectiveRuleset(state: WorldState, folding: Folding): { version: number; ruleset: Ruleset } {
  const held = { version: state.public.ruleset_version, ruleset: state.private.ruleset };
  return folding.ruleset !== undefined && folding.ruleset.version > held.version ? folding.ruleset : held;
}

/** The engine that the rules are for. */
export const effectiveEngine = (state: WorldState, folding: Folding): number => {
  const { ruleset }: { ruleset: RecordedRuleset } = effectiveRuleset(state, folding);
  return ruleset.engine;
};

export const effectiveStatus = (state: WorldState, folding: Folding): RealmStatus =>
  folding.status?.status ?? state.public.status;

export const effectiveTickSeconds = (state: WorldState, folding: Folding): number =>
  effectiveRuleset(state, folding).ruleset.tick_seconds;

/** When the next scheduled tick is due, Unix milliseconds. */
export const nextTickAt = (state: WorldState, folding: Folding): number =>
  nextTickMs(state.public, effectiveTickSeconds(state, folding));

/** Keys of `tick.run` commands without a marker yet, each once, in log order. */
export function pendingManualTicks(state: WorldState, folding: Folding): string[] {
  const read = [...folding.manualTicks].sort((a, b) => a.source_seq - b.source_seq);
  return [...new Set([...state.private.manual_ticks, ...read.map(({ key }) => key)])];
}
