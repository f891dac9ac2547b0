/** Under `npm run fuzz`: properties that name no number of cases of their own have as many as the others. */
import fc from "fast-check";
import { FUZZ_CASES } from "./fuzz.ts";

if (FUZZ_CASES !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: FUZZ_CASES });
