/** Facts that are tried together: making a history up and playing it takes longer than looking at what came of it. */
import fc from "fast-check";
import { test } from "vitest";
import { FUZZ_CASES } from "../../ops/testing/fuzz.ts";

/** The first of the facts waits for all of them. */
const TOGETHER_MS = FUZZ_CASES === undefined ? 300_000 : 0;

/**
 * Answers how to state a fact: each becomes a test of its title, and all of them hold of the same made-up cases. The one that a
 * case breaks fails with the case; until it is mended, the others are known to hold up to there only.
 */
export function sharedProperty<Made, Case>(
  arbitrary: fc.Arbitrary<Made>,
  prepare: (made: Made) => Case,
  numRuns: number,
): (fact: string, holds: (tried: Case) => void) => void {
  const facts: [fact: string, holds: (tried: Case) => void][] = [];
  let outcome: { broken?: string; error?: unknown } | undefined;
  const tryAll = (): NonNullable<typeof outcome> => {
    let broken = "";
    try {
      fc.assert(
        fc.property(arbitrary, (made) => {
          const tried = prepare(made);
          for (const [fact, holds] of facts)
            try {
              holds(tried);
            } catch (error) {
              broken = fact;
              throw error;
            }
        }),
        { numRuns },
      );
      return {};
    } catch (error) {
      return { broken, error };
    }
  };
  return (fact, holds) => {
    facts.push([fact, holds]);
    test(fact, { timeout: TOGETHER_MS }, () => {
      outcome ??= tryAll();
      // A case that cannot even be played breaks them all.
      if (outcome.error !== undefined && (outcome.broken === fact || outcome.broken === ""))
        throw outcome.error;
    });
  };
}
