/**
 * How many cases a property is tried on. `npm run fuzz` says it for all of them by `FUZZ_CASES`; otherwise each test asks for
 * as many as its run of a few seconds affords. A failure prints its seed, and fast-check takes it back as `{ seed, path }`.
 */
import { wholeNumber } from "../tools/arguments.ts";

const asked = process.env.FUZZ_CASES;

/** Set under `npm run fuzz`. */
export const FUZZ_CASES = asked === undefined ? undefined : wholeNumber("FUZZ_CASES", asked);

/** Cases for a property that has `usual` of them within `npm test`. */
export const runs = (usual: number): number => FUZZ_CASES ?? usual;

/** A test's timeout, ms; none under `npm run fuzz`, where a property takes as long as it takes. */
export const patience = (usualMs: number): number => (FUZZ_CASES === undefined ? usualMs : 0);
