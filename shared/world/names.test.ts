import { expect, test } from "vitest";
import { Ruleset } from "../contracts/ruleset.ts";
import { Name } from "../contracts/text.ts";
import { loadRuleset } from "../rulesets/rulesets.ts";
import { nameFor, theNameFor, wordsOf } from "./name-for.ts";
import { nameOf, namesOf } from "./names.ts";

const FREEHOLDS = { vi: "Thành Bang Tự Do", en: "Freeholds", en_the: "the Freeholds" };

test("a name is taken in the reader's language, and in English with its article within a sentence", () => {
  expect([nameFor(FREEHOLDS, "vi"), nameFor(FREEHOLDS, "en")]).toEqual(["Thành Bang Tự Do", "Freeholds"]);
  expect([theNameFor(FREEHOLDS, "vi"), theNameFor(FREEHOLDS, "en")]).toEqual([
    "Thành Bang Tự Do",
    "the Freeholds",
  ]);
  expect(theNameFor({ vi: "Cổng Sắt", en: "Iron Gate" }, "en")).toBe("Iron Gate");
  expect([nameFor("Iron Gate", "vi"), theNameFor("Iron Gate", "en")]).toEqual(["Iron Gate", "Iron Gate"]);
});

test("an id without a name reads as words", () => {
  expect(["iron_gate", "age_of_iron", "seal-the-veil", "x"].map(wordsOf)).toEqual([
    "Iron Gate",
    "Age of Iron",
    "Seal the Veil",
    "X",
  ]);
});

test("a name in two languages has both, of letters, digits, spaces, apostrophes and hyphens in composed form", () => {
  const fits = (vi: string) => Name.safeParse({ vi, en: "Gate" }).success;
  for (const name of ["Cổng Sắt", "O’Brien's Gate-2", "门", "a".repeat(40)])
    expect(fits(name), name).toBe(true);
  for (const name of ["", " Cổng", "Cổng\n", "<b>", "Cổng\u202eSắt", "Cổng".normalize("NFD"), "a".repeat(41)])
    expect(fits(name), name).toBe(false);
  expect(Name.safeParse({ vi: "Cổng Sắt" }).success).toBe(false);
  expect(Name.safeParse("The Gate, of old: a name for all languages").success).toBe(true);
});

test("a ruleset names its things where they stand, and what is an id alone in a section of its own", async () => {
  const old = await loadRuleset("demo");
  const rules = Ruleset.parse({
    ...old,
    factions: { ...old.factions, freeholds: { name: FREEHOLDS } },
    sovereign: { ...old.sovereign, embargo: { ...old.sovereign.embargo, name: "Embargo of the guilds" } },
    triggers: old.triggers.map((trigger) => ({ ...trigger, name: `The ${trigger.key}` })),
    names: { resources: { iron: { vi: "sắt", en: "iron" } } },
  });
  const names = namesOf(rules);
  expect(names.faction.freeholds).toEqual(FREEHOLDS);
  expect(names.action.embargo).toBe("Embargo of the guilds");
  expect(names.trigger.relic_storm).toBe("The relic_storm");
  expect(names.resource.iron).toEqual({ vi: "sắt", en: "iron" });
  const unnamed = Ruleset.parse({
    ...rules,
    names: {},
    triggers: rules.triggers.map(({ name: _, ...each }) => each),
  });
  expect(namesOf(unnamed).trigger.age_of_iron).toBe("Age of Iron");
  expect(namesOf(unnamed).style.veil_uncanny).toBe("Veil Uncanny");
  expect(nameOf(names, "resource", "night_glass")).toBe("Night Glass");
  expect(nameOf(names, "faction", "constructor")).toBe("Constructor");
});

test("a campaign that runs goes by its own title, one without by that of the ruleset's chain", async () => {
  const rules = await loadRuleset("demo");
  const running = { iron_decrees: {}, storm_of_relics: { title: "Now!" }, rescue: {} };
  const { campaign } = namesOf(rules, running);
  expect(campaign.iron_decrees).toMatchObject({ en: "Iron Decrees" });
  expect([campaign.storm_of_relics, campaign.rescue]).toEqual(["Now!", "Rescue"]);
});
