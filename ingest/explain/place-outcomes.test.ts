import { expect, test } from "vitest";
import { outcomesAt } from "./place-outcomes.ts";

const flip = { tick: 3, n: 1, kind: "flip", territory: "iron_gate", to: "empire" } as const;
const capture = { tick: 3, n: 2, kind: "capture", relic: "tide_bell", faction: "empire" } as const;
const trigger = { tick: 3, n: 3, kind: "trigger", key: "age_of_iron" } as const;
const events = [flip, capture, trigger];

test("an action's outcomes are those of the place that it was for", () => {
  expect(outcomesAt(events, { territory_id: "iron_gate" })).toEqual([flip]);
  expect(outcomesAt(events, { relic_id: "tide_bell" })).toEqual([capture]);
  expect(outcomesAt(events, { territory_id: "mist_fen" })).toEqual([]);
  expect(outcomesAt(events, {})).toEqual([]);
});
