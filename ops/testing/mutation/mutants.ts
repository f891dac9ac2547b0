/** Mutants of the pure cores as data: one line of a file, and another one that the tests have to notice. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Mutant = z.strictObject({
  file: z.string(),
  /** A line of the file, trimmed, that stands there once; and what it becomes. */
  of: z.string(),
  to: z.string(),
  /** Why no test can notice it, where none can. */
  equivalent: z.string().optional(),
});
export type Mutant = z.infer<typeof Mutant>;

export const MUTANTS: readonly Mutant[] = z
  .array(Mutant)
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "mutants.json"), "utf8")));
