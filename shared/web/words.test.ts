import { expect, test } from "vitest";
import { inWords } from "./happenings.ts";
import { Heralds } from "./heraldry.ts";
import { Names } from "./names.ts";
import { band, change, percent, span, whole } from "./words.ts";

test("basis points and thousandths are floored, so nothing reads as more than it is", () => {
  expect([0, 9, 1_299, 10_000, -350].map(percent)).toEqual(["0.0 %", "0.0 %", "12.9 %", "100.0 %", "−3.5 %"]);
  expect([0, -9, 120, -120].map(change)).toEqual(["±0.0 %", "±0.0 %", "+1.2 %", "−1.2 %"]);
  expect([999, 1_234_999, 1_234_567_000].map(whole)).toEqual(["0", "1\u202f234", "1\u202f234\u202f567"]);
});

test("time is told in the two largest units", () => {
  expect([0, 59, 61, 3_599, 7_800, 100_000].map(span)).toEqual([
    "0 s",
    "59 s",
    "1 min 01 s",
    "59 min 59 s",
    "2 h 10 min",
    "1 d 3 h",
  ]);
});

test("bands cover everything from 0 to 10 000", () => {
  expect([0, 1_999, 2_000, 5_000, 7_999, 8_000, 10_000].map(band)).toEqual([
    "calm",
    "calm",
    "uneasy",
    "strained",
    "high",
    "breaking",
    "breaking",
  ]);
});

const names = new Names({ faction: { empire: "Iron Empire" } });

test("what happened is a sentence with people's names, and an unknown kind is told plainly", () => {
  const told = (event: object) => inWords({ tick: 3, n: 1, kind: "", ...event }, names);
  expect(told({ kind: "flip", territory: "iron_gate", from: "freeholds", to: "empire" })).toEqual({
    text: "Iron Gate falls to the Iron Empire from the Freeholds",
    weight: "great",
    faction: "empire",
  });
  expect(told({ kind: "effect_end", id: "relic_storm.1" })).toEqual({
    text: "Relic Storm fades",
    weight: "quiet",
  });
  expect(told({ kind: "action", id: "a1", status: "proposed" }).text).toBe("A sovereign action is proposed");
  const actions = { a1: { action_type: "iron_levy", faction: "empire" } };
  const opposed = { tick: 3, n: 1, kind: "action", id: "a1", status: "opposed", faction: "veilborn" };
  expect(inWords(opposed, names, actions).text).toBe("The Veilborn opposes the Iron Levy of the Iron Empire");
  expect(told({ kind: "comet_seen", id: "old_red" })).toEqual({
    text: "Comet Seen",
    weight: "quiet",
  });
});

test("an id that names nothing known goes by itself, also one like constructor", () => {
  expect([names.faction("constructor"), names.reach("!empire"), names.reach("*")]).toEqual([
    "Constructor",
    "All but Iron Empire",
    "Every faction",
  ]);
});

test("eight factions have eight colours, sigils and dashes, by sorted id", () => {
  const ids = ["h", "g", "f", "e", "d", "c", "b", "a"];
  const heralds = new Heralds(ids);
  const all = ids.map((id) => heralds.of(id));
  for (const of of ["colour", "sigil", "index"] as const)
    expect(new Set(all.map((one) => one[of])).size).toBe(8);
  expect(new Set(all.map(({ dash }) => dash.join())).size).toBe(8);
  expect(heralds.of("a").index).toBe(0);
});
