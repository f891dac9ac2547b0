/**
 * How many cases a property is tried on. `npm run fuzz` says it for all of them by `FUZZ_CASES`; otherwise each test asks for
 * as many as its run of a few seconds affords. A failure prints its seed, and fast-check takes it back as `{ seed, path }`.
 */
const asked = process.env.FUZZ_CASES;

/** Set under `npm run fuzz`. */
export const FUZZ_CASES = asked === undefined ? undefined : wholeNumber(asked);

/** Cases for a property that has `usual` of them within `npm test`. */
export const runs = (usual: number): number => FUZZ_CASES ?? usual;

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`FUZZ_CASES must be a whole number, not ${text}`);
  return Number(text);
}
