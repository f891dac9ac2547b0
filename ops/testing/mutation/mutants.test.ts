import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../../..");

test("every mutant changes a line that its file has once", () => {
  const stale = MUTANTS.filter(({ file, of, to }) => {
    const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
    return of === to || lines.filter((line) => line.trim() === of).length !== 1;
  });
  expect(stale).toEqual([]);
});
