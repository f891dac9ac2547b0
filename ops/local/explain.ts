/** The output of a failed command of the local stack: a sentence for expected failures, the trace of a defect. */
import { inspect } from "node:util";
import { EnvError } from "../../shared/process/env.ts";
import { NotReadyError } from "./launch.ts";
import { LocalSetupError } from "./setup-error.ts";

export function explain(error: unknown): string {
  const expected = [EnvError, LocalSetupError, NotReadyError].some((kind) => error instanceof kind);
  return expected && error instanceof Error ? error.message : `This is a defect: ${inspect(error)}`;
}
