import { expect, test } from "vitest";
import { HOUR_TICKS, Hour } from "./hour.ts";
import { played } from "./played.ts";

test.each([1, 2, 3, 4, 5])(
  "an hour of the demo with seed %i tells a story, and isn't all churn",
  async (seed) => {
    const hour = new Hour();
    let [flips, storms, caughtInAll] = [0, 0, 0];
    const unrest: number[] = [];
    for await (const { record, state, caught } of played(seed, HOUR_TICKS)) {
      hour.add(record.events);
      caughtInAll = caught;
      flips += record.events.filter(({ kind }) => kind === "flip").length;
      storms += record.events.filter(
        (event) => event.kind === "trigger" && event.key === "relic_storm",
      ).length;
      const lands = Object.values(state.public.territories);
      unrest.push(lands.reduce((sum, { instability }) => sum + instability, 0) / lands.length);
    }
    const facts = hour.facts(caughtInAll);
    expect(facts.filter(({ happened }) => !happened)).toEqual([]);
    expect(flips).toBeLessThan(80);
    expect(storms).toBeLessThan(10);
    // Unrest comes and goes.
    expect(Math.max(...unrest)).toBeLessThan(9_000);
    expect(Math.max(...unrest) - Math.min(...unrest.slice(30))).toBeGreaterThan(1_000);
  },
);
