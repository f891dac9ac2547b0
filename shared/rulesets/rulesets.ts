/** The checked-in rulesets, and rulesets from files. */
import { readFile } from "node:fs/promises";
import { Ruleset } from "../contracts/ruleset.ts";
import { checkRuleset } from "../world/check-ruleset.ts";

/** `nameOrPath`: a name in `shared/rulesets/` or the path of a JSON file. Throws with every reason when it is not a valid ruleset. */
export async function loadRuleset(nameOrPath: string): Promise<Ruleset> {
  const named = /^[a-z0-9-]+$/.test(nameOrPath);
  const file = named ? new URL(`./${nameOrPath}.json`, import.meta.url) : nameOrPath;
  const parsed = Ruleset.safeParse(JSON.parse(await readFile(file, "utf8")));
  const reasons = parsed.success
    ? checkRuleset(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  if (parsed.success && reasons.length === 0) return parsed.data;
  throw new Error(`ruleset ${nameOrPath} is not valid: ${reasons.join("; ")}`);
}
