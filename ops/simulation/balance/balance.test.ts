import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { type Deed, playedBy } from "./crowd.ts";
import { measure } from "./measure.ts";
import { objection, table } from "./report.ts";
import { season } from "./season.ts";

let rules: Ruleset;
let deeds: Deed[][];
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
  deeds = playedBy(rules, 7, 60, 3);
});

test("a crowd's deeds are judged ones: 96 ticks a day, nobody above a day's cap, evenings busier than mornings", () => {
  expect(deeds.length).toBe(3 * 96);
  const ofDay = new Map<string, number>();
  for (const [tick, done] of deeds.entries())
    for (const { player, points } of done) {
      const key = `${Math.floor(tick / 96)} ${player}`;
      ofDay.set(key, (ofDay.get(key) ?? 0) + points);
    }
  expect(Math.max(...ofDay.values())).toBeLessThanOrEqual(1_000_000);
  const between = (from: number, to: number) =>
    deeds.filter((_, tick) => tick % 96 >= from * 4 && tick % 96 < to * 4).flat().length;
  expect(between(19, 22)).toBeGreaterThan(3 * between(7, 10));
});

test("the same seed fights the same war, and another aim another one", () => {
  const hashOf = (temper: "rallied" | "scattered") =>
    JSON.stringify(season(rules, deeds, [50, 30, 20], 7, temper).map(({ world }) => world.territories));
  expect(hashOf("rallied")).toBe(hashOf("rallied"));
  expect(hashOf("rallied")).not.toBe(hashOf("scattered"));
});

test("a season is measured by who held what and how often it changed hands", () => {
  const moments = season(rules, deeds, [34, 33, 33], 7);
  const owners = moments.map(({ world }) =>
    structuredClone(
      Object.fromEntries(Object.entries(world.territories).map(([id, land]) => [id, land.controller])),
    ),
  );
  const measured = measure(rules, moments);
  const changes = owners
    .slice(1)
    .flatMap((now, i) => Object.keys(now).filter((id) => now[id] !== owners[i]![id]));
  expect(measured.flips).toBe(changes.length);
  expect(measured.flipsByWeek).toEqual([changes.length]);
  expect(
    Object.values(measured.heldByWeek)
      .flat()
      .reduce((a, b) => a + b),
  ).toBe(Object.values(owners.at(-1)!).filter((owner) => owner !== undefined).length);
  expect(table([{ seed: 7, split: [34, 33, 33], temper: "rallied", measured }])).toContain("34/33/33");
});

test("a war that stands still and one that is over are objected to", () => {
  const fine = {
    ...measure(rules, season(rules, deeds, [34, 33, 33], 7)),
    flips: 9,
    flipsByWeek: [0, 3, 2, 4],
  };
  expect(objection(fine)).toBeUndefined();
  expect(objection({ ...fine, flips: 0 })).toBe("nothing flipped");
  expect(objection({ ...fine, flipsByWeek: [0, 0, 9, 0] })).toBe("no flip in 3 of 4 weeks");
  expect(objection({ ...fine, totalRuleDays: 15 })).toBe("one faction held everything for 15.0 days");
});
