/** What a person reads when a command of the local stack fails: a sentence for what can be expected, the trace of a defect. */
import { inspect } from "node:util";
import { EnvError } from "../../shared/process/env.ts";
import { NotReadyError } from "./launch.ts";
import { LocalSetupError } from "./setup-error.ts";

export function explain(error: unknown): string {
  const expected = [EnvError, LocalSetupError, NotReadyError].some((kind) => error instanceof kind);
  return expected && error instanceof Error ? error.message : `This is a defect: ${inspect(error)}`;
}
