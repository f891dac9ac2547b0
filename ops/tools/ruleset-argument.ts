/** The rules that a command is told to judge or play by. */
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { UsageError } from "./arguments.ts";

/** `file`: what `--ruleset` says. Throws `UsageError` without one, and an error that names the ruleset where it can't be used. */
export async function rulesetOf(file: string | undefined): Promise<Ruleset> {
  if (file === undefined)
    throw new UsageError("--ruleset needs a JSON file or the name of a ruleset; --help tells how");
  return loadRuleset(file).catch((error: Error) => {
    throw new Error(
      error.message.startsWith("ruleset ") ? error.message : `ruleset ${file}: ${error.message}`,
    );
  });
}
