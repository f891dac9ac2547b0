import { beforeAll, describe, expect, test } from "vitest";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { NoticeItem } from "../../shared/contracts/notice.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, asInExamples, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import type { TickResult } from "../tick-result.ts";
import { NO_ROSTERS, ROSTER_USERS } from "./roster.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = asInExamples(await loadRuleset("amoi-1"));
});

const pushes = (points: Record<string, number>, over: Partial<Accepted> = {}): Accepted[] =>
  Object.entries(points).map(([user_id, each]) =>
    accepted({
      event_id: `${user_id}-${over.faction_id ?? ""}-${over.territory_id ?? ""}`,
      event_type: "territory_push",
      faction_id: "freeholds",
      territory_id: "iron_gate",
      user_id,
      normalized_points: each * 1_000,
      ...over,
    }),
  );
/** The Iron Gate about to fall to the freeholds with this tick, if they are pushing. */
const onTheBrink = (lead: number): Pick<TickResult, "state" | "record"> =>
  standing(started(rules), (world) => {
    world.public.territories.iron_gate!.control = {
      empire: 4_000,
      freeholds: 4_000 + lead,
      veilborn: 2_000 - lead,
    };
    world.private.fronts.iron_gate = { leader: "freeholds", streak: 1 };
  });
const told = (result: TickResult | undefined): Record<string, NoticeItem[]> =>
  Object.fromEntries(result!.notices.map(({ user, items }) => [user, items]));

describe("roles", () => {
  test("who makes the lead reach 500 bp is pivotal, a tenth of the roster is major, a fiftieth contributes", () => {
    const [result] = play(onTheBrink(450), [
      { events: pushes({ ann: 60, ben: 20, cleo: 3, dan: 1, eve: 1, fay: 40 }) },
    ]);
    const roles = Object.fromEntries(
      Object.entries(told(result)).map(([user, [item]]) => [user, item!.role]),
    );
    expect(roles).toEqual({ ann: "pivotal", ben: "major", cleo: "contributor", fay: "major" });
    expect(told(result).ben).toEqual([
      {
        id: "t1.flip.iron_gate",
        kind: "flip",
        role: "major",
        share_bp: 1_600,
        territory: "iron_gate",
        from: "empire",
        to: "freeholds",
      },
    ]);
  });

  test("a lead that holds without any one of them makes nobody pivotal, and those of former ticks are told too", () => {
    const before = standing(onTheBrink(600), (world) => {
      world.private.rosters = {
        ...NO_ROSTERS,
        territories: { iron_gate: { freeholds: { early: 30_000 }, empire: { foe: 90_000 } } },
      };
    });
    const [result] = play(before, [{ events: pushes({ ann: 30 }) }]);
    const roles = Object.entries(told(result)).map(([user, [item]]) => [user, item!.role]);
    expect(roles).toEqual([
      ["ann", "major"],
      ["early", "major"],
      ["foe", "lost"],
    ]);
    expect(result!.state.private.rosters?.territories.iron_gate).toBeUndefined();
  });
});

describe("rosters", () => {
  const rosterAfter = (result: TickResult | undefined) =>
    result!.state.private.rosters!.territories.iron_gate!.freeholds!;

  test("pushes count up to the limit of 60 pt a tick and fade by 100 bp with each", () => {
    const results = play(started(rules), [
      { events: pushes({ ann: 90, ben: 10 }) },
      {},
      { events: pushes({ ben: 10 }) },
    ]);
    expect(results.map(rosterAfter)).toEqual([
      { ann: 60_000, ben: 10_000 },
      { ann: 59_400, ben: 9_900 },
      { ann: 58_806, ben: 19_801 },
    ]);
  });

  test("a late tick fades once", () => {
    const [, late] = play(started(rules), [{ events: pushes({ ann: 10 }) }, { sinceMs: 36_000_000 }]);
    expect(rosterAfter(late)).toEqual({ ann: 9_900 });
  });

  test("a 65th user takes the place of who has the least, ties by id", () => {
    const many = Object.fromEntries(
      Array.from({ length: ROSTER_USERS }, (_, i) => [`user-${String(i).padStart(2, "0")}`, i < 2 ? 5 : 6]),
    );
    const users = (points: Record<string, number>) =>
      Object.keys(rosterAfter(play(started(rules), [{ events: pushes(points) }])[0]));
    expect(users({ ...many, anew: 5 })).toEqual([
      "anew",
      ...Object.keys(many).filter((id) => id !== "user-01"),
    ]);
    expect(users({ ...many, zoe: 5 })).toEqual(Object.keys(many));
    expect(users({ ...many, zoe: 7 })).toEqual([
      ...Object.keys(many).filter((id) => id !== "user-01"),
      "zoe",
    ]);
  });

  test("what the burst cap cut is not on the roster", () => {
    const [cut] = play(started(rules), [
      { events: pushes(Object.fromEntries([...Array(40)].map((_, i) => [`u${i}`, 30]))) },
    ]);
    expect(new Set(Object.values(rosterAfter(cut)))).toEqual(new Set([15_000]));
  });

  test("a correction of a place takes its rosters along: a flip after it is not the feat of those before", () => {
    const [, corrected] = play(started(rules), [
      { events: pushes({ ann: 10 }) },
      {
        events: pushes({ ben: 10 }),
        commands: [
          passed(
            "world.correct",
            {
              what: "control",
              of: { territory: "iron_gate" },
              value: { empire: 1, freeholds: 2, veilborn: 1 },
              note: "as it was agreed",
            },
            1,
          ),
        ],
      },
    ]);
    expect(rosterAfter(corrected)).toEqual({ ben: 10_000 });
  });

  test("a territory that a new ruleset doesn't have takes its roster along", () => {
    const [first] = play(started(rules), [{ events: pushes({ ann: 10 }) }]);
    const { iron_gate: _gone, ...territories } = rules.territories;
    const smaller = { ...rules, territories };
    const before = standing(first!, (world) => {
      world.private.ruleset = smaller;
      const { iron_gate: _land, ...land } = world.public.territories;
      world.public.territories = land;
    });
    expect(play(before, [{}])[0]!.state.private.rosters!.territories).toEqual({});
  });
});

describe("burst clips", () => {
  const rush = (users: number) => pushes(Object.fromEntries([...Array(users)].map((_, i) => [`u${i}`, 50])));
  const clips = (result: TickResult | undefined) =>
    result!.notices.filter(({ items }) => items.some(({ kind }) => kind === "clip")).length;
  const HALF_A_DAY_MS = 43_200_000;

  test("a cut of half is explained, with what counted; a smaller one isn't", () => {
    const [half] = play(started(rules), [{ events: rush(24) }]);
    expect(told(half).u0).toEqual([
      expect.objectContaining({ kind: "clip", faction: "freeholds", brought: 50_000, applied: 25_000 }),
    ]);
    expect(clips(half)).toBe(24);
    expect(clips(play(started(rules), [{ events: rush(23) }])[0])).toBe(0);
  });

  test("each user hears of it once on a day of the realm, and again on the next", () => {
    const results = play(started(rules), [
      { events: rush(30) },
      { events: rush(31) },
      { events: rush(200), sinceMs: HALF_A_DAY_MS },
      { events: rush(200), sinceMs: HALF_A_DAY_MS },
    ]);
    expect(results.map(clips)).toEqual([30, 1, 169, 200]);
  });
});
