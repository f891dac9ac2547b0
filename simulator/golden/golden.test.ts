import { expect, test } from "vitest";
import { type Figures, playGolden, readGolden } from "./golden.ts";

const golden = await readGolden();
const played = await playGolden(golden.map(({ given }) => given));

// After a change that is meant: npm run golden.
test.each(golden.map(({ given, expected }, i) => [i + 1, given.what, expected, played[i]!] as const))(
  "golden tick %i: %s",
  (_tick, _what, expected, figures) => {
    for (const field of Object.keys(figures) as (keyof Figures)[])
      expect({ [field]: JSON.parse(JSON.stringify(figures[field])) }).toEqual({ [field]: expected[field] });
  },
);

test("the golden ticks flip, capture, trigger, campaign, act, decree, refuse and change seasons", () => {
  const kinds = new Set(played.flatMap(({ events }) => events.map(({ kind }) => kind)));
  const all = [
    "action",
    "campaign",
    "capture",
    "decree",
    "effect_end",
    "effect_refused",
    "effect_start",
    "flip",
  ];
  const more = ["refused", "resource", "ruleset", "season", "status", "trigger"];
  expect([...kinds].sort()).toEqual([...all, ...more]);
});
