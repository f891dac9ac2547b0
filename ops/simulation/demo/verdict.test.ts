import { expect, test } from "vitest";
import { STORY_TICKS, told } from "./verdict.ts";

test("a run too short for the story is not blamed for what did not happen, a long one is", () => {
  const verdict = (happened: boolean, ticks: number) =>
    told("a trigger fired", happened, "", { ticks }).verdict;
  expect(verdict(false, STORY_TICKS - 1)).toBe("open");
  expect(verdict(false, STORY_TICKS)).toBe("fails");
  expect(verdict(true, 3)).toBe("holds");
});
