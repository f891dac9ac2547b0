import { expect, test } from "vitest";
import type { DerivedEvent } from "../../../shared/contracts/world.ts";
import { played } from "./played.ts";

test.each([1, 2, 3])(
  "the demo's story, told with seed %i, flips a territory by tick 10 and starts the Age of Iron by tick 18",
  async (seed) => {
    const events: DerivedEvent[] = [];
    for await (const { record } of played(seed, 18)) events.push(...record.events);
    const firstFlip = events.find((event) => event.kind === "flip");
    expect(firstFlip?.tick).toBeLessThanOrEqual(10);
    const iron = events.find((event) => event.kind === "trigger" && event.key === "age_of_iron");
    expect(iron?.tick).toBeLessThanOrEqual(18);
  },
);
