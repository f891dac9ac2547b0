/** Bodies that an earlier release wrote, in the present form. Pure, and done when they are read. */
import { ENGINE, Ruleset } from "../contracts/ruleset.ts";

/** A ruleset as the log has it: of this engine or of an earlier one. */
export type RecordedRuleset = Omit<Ruleset, "engine"> & { engine: number };

const isPresent = (ruleset: RecordedRuleset): ruleset is Ruleset => ruleset.engine === ENGINE;

/** The same numbers for this engine. Engine 1 had no others. */
export const upcastRuleset = (ruleset: RecordedRuleset): Ruleset =>
  isPresent(ruleset) ? ruleset : { ...ruleset, engine: ENGINE };

/** A recorded ruleset for this engine, with defaults for numbers that didn't exist then. */
export const readRuleset = (recorded: RecordedRuleset): Ruleset => Ruleset.parse(upcastRuleset(recorded));
