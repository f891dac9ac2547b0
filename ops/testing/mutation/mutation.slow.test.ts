import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { runMutants } from "./run.ts";

test("the tests notice mutants of the cores: one in sixteen here, all of them by npm run mutation", async () => {
  const sample = MUTANTS.filter(({ equivalent }, i) => equivalent === undefined && i % 16 === 0);
  const results = await runMutants(sample);
  expect(results.filter(({ killed }) => !killed)).toEqual([]);
}, 1_200_000);
