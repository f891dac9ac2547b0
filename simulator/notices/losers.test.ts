/** Who is told of what they didn't bring about: the losing side, holders of a lost relic, members at a season's end, a campaign's end. */
import { expect, test } from "vitest";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { NoticeItem } from "../../shared/contracts/notice.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, asInExamples, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import type { TickResult } from "../tick-result.ts";

const rules = asInExamples(await loadRuleset("amoi-1"));

const by = (user_id: string, points: number, over: Partial<Accepted> = {}): Accepted =>
  accepted({
    event_id: `${user_id}-${points}`,
    user_id,
    normalized_points: points * 1_000,
    ...over,
  });
const push = (user: string, points: number, faction_id: string) =>
  by(user, points, { event_type: "territory_push", faction_id, territory_id: "iron_gate" });
const claim = (user: string, points: number, faction_id: string) =>
  by(user, points, { event_type: "relic_claim", faction_id, relic_id: "tide_bell" });

const itemsOf = ({ notices }: TickResult, kind: NoticeItem["kind"]) =>
  Object.fromEntries(
    notices.flatMap(({ user, items }) => {
      const item = items.find((each) => each.kind === kind);
      return item === undefined ? [] : [[user, item]];
    }),
  );

test("those who fought for the side that loses a territory are told what was lost, and to whom", () => {
  const before = standing(started(rules), (world) => {
    world.public.territories.iron_gate!.control = { empire: 3_000, freeholds: 5_000, veilborn: 2_000 };
    world.private.fronts.iron_gate = { leader: "freeholds", streak: 0 };
  });
  const [, fallen] = play(before, [
    { events: [push("guard", 50, "empire"), push("other", 50, "veilborn")] },
    { events: [push("ada", 60, "freeholds"), push("late", 1, "empire")] },
  ]);
  const told = itemsOf(fallen!, "flip");
  expect(Object.keys(told)).toEqual(["ada", "guard"]);
  expect(told.guard).toEqual({
    kind: "flip",
    id: "t2.flip.iron_gate",
    role: "lost",
    share_bp: expect.any(Number),
    territory: "iron_gate",
    from: "empire",
    to: "freeholds",
  });
  expect(fallen!.state.private.rosters!.territories.iron_gate).toBeUndefined();
});

test("those who captured a relic, and those who defended it, are told when another faction takes it", () => {
  const before = standing(started(rules), (world) => {
    world.public.territories.salt_terrace!.control = { empire: 5_000, freeholds: 5_000, veilborn: 0 };
    world.private.claims.tide_bell = { points: { freeholds: 2_060_000 } };
  });
  const [captured] = play(before, [{ events: [claim("ada", 50, "freeholds")] }]);
  expect(itemsOf(captured!, "capture").ada).toMatchObject({ role: "pivotal", share_bp: 10_000 });
  const taken = standing(captured!, (world) => {
    world.private.claims.tide_bell = { points: { empire: 2_060_000 } };
  });
  const [held, lost] = play(taken, [
    { events: [claim("bo", 40, "freeholds")] },
    { events: [claim("foe", 250, "empire")] },
  ]);
  expect(itemsOf(held!, "capture")).toEqual({});
  expect(itemsOf(lost!, "capture")).toMatchObject({
    ada: { role: "lost", from: "freeholds", faction: "empire" },
    bo: { role: "lost" },
    foe: { role: "pivotal", share_bp: 10_000 },
  });
  expect(lost!.state.private.rosters!.holders).toEqual({
    tide_bell: { faction: "empire", users: { foe: 250_000 } },
  });
});

test("whoever earned influence in a season is told how its faction ended, however little it was", () => {
  const [, closed] = play(started(rules), [
    { events: [by("ada", 100), by("cy", 1), by("bo", 50, { faction_id: "veilborn" })] },
    { commands: [passed("season.close", {}, 1)] },
  ]);
  expect(itemsOf(closed!, "season")).toEqual({
    ada: expect.objectContaining({ id: "t2.season.1.empire", role: "member", season: 1, faction: "empire" }),
    bo: expect.objectContaining({ role: "member", faction: "veilborn", rank: 2 }),
    cy: expect.objectContaining({ role: "member", faction: "empire", rank: 1, share_bp: 99 }),
  });
});

test("where the next season begins with the tick that closes one, the tick's points are not of the closed one", () => {
  const [, closed, later] = play(started(rules), [
    { events: [by("ada", 100)] },
    {
      events: [by("anew", 100)],
      commands: [passed("season.close", {}, 1), passed("season.open", {}, 2)],
    },
    {},
  ]);
  expect(Object.keys(itemsOf(closed!, "season"))).toEqual(["ada"]);
  expect(itemsOf(later!, "season")).toEqual({});
  expect(later!.state.private.rosters!.factions.empire).toEqual({ anew: 99_900 });
});

test("a campaign's end is told to those who worked for it, once and instead of the stages of its tick", () => {
  const open = (seq: number, more: object = {}) =>
    passed("campaign.open", { id: "call", goal: 100, min_contributors: 1, ticks: 2, ...more }, seq);
  const given = (user: string, points: number) =>
    by(user, points, { campaign_id: "call", campaign_first: 1 });
  const [, won] = play(started(rules), [
    { commands: [open(1, { title: { vi: "Lời Gọi", en: "The Call" } })] },
    { events: [given("ada", 90), given("bo", 10)] },
  ]);
  const told = won!.notices.flatMap(({ items }) => items);
  const what = { campaign: "call", title: { vi: "Lời Gọi", en: "The Call" }, stage: "won" };
  expect(told).toMatchObject([
    { ...what, role: "pivotal", share_bp: 9_000 },
    { ...what, role: "pivotal", share_bp: 1_000 },
  ]);
  const [, lost] = play(started(rules), [{ commands: [open(1)] }, { events: [given("ada", 10)] }]);
  expect(itemsOf(lost!, "campaign")).toMatchObject({ ada: { role: "major", stage: "lost" } });
  const [, closed] = play(started(rules), [
    { commands: [open(1)], events: [given("ada", 10)] },
    { commands: [passed("campaign.close", { id: "call" }, 2)] },
  ]);
  expect(itemsOf(closed!, "campaign")).toMatchObject({ ada: { role: "major", stage: "closed" } });
});
