import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { councilRules } from "../contracts/politics.ts";
import type { Name, Statement } from "../contracts/text.ts";
import { entries } from "../exact/by-id.ts";
import { namesOf } from "../world/names.ts";
import { loadRuleset } from "./rulesets.ts";

const SHIPPED = readdirSync(import.meta.dirname).flatMap((file) =>
  file.endsWith(".json") ? [file.replace(".json", "")] : [],
);
type InBoth = Exclude<Name, string>;
const isInBoth = (name: Name | Statement): name is InBoth => typeof name !== "string";

describe.each(SHIPPED)("the shipped ruleset %s", async (file) => {
  const rules = await loadRuleset(file);
  const named = entries(namesOf(rules)).flatMap(([kind, names]) =>
    entries(names).map(([id, name]) => ({ kind, id, name })),
  );
  const ids = new Set(named.map(({ id }) => id));

  test("gives everything that players see a name in both languages", () => {
    expect(named.filter(({ name }) => !isInBoth(name))).toEqual([]);
    expect(new Set(named.map(({ kind }) => kind)).size).toBe(9);
  });

  test("has no id among its names, and none of them twice in a kind", () => {
    const said = named.flatMap(({ kind, name }) =>
      isInBoth(name)
        ? (["vi", "en"] as const).map((language) => `${kind} ${language} ${name[language]}`)
        : [],
    );
    expect(said).toEqual([...new Set(said)]);
    // An English name may be its id where it is one word: iron.
    const texts = named.flatMap(({ id, name }) => (isInBoth(name) ? [{ id, ...name }] : []));
    expect(texts.filter(({ id, vi, en }) => ids.has(vi) || (ids.has(en) && en !== id))).toEqual([]);
    expect(
      texts.filter(({ vi, en, en_the }) => vi === en || `${vi}${en}${en_the ?? ""}`.includes("_")),
    ).toEqual([]);
  });

  test("begins the English names for sentences with their article", () => {
    const texts = named.flatMap(({ name }) => (isInBoth(name) && name.en_the !== undefined ? [name] : []));
    expect(texts.filter(({ en_the }) => !en_the!.startsWith("the "))).toEqual([]);
  });

  test("names nothing that it doesn't have", () => {
    const effects = JSON.stringify([rules.triggers, councilRules(rules).options]);
    const { resources = {}, styles = {}, quest_pools = {} } = rules.names ?? {};
    expect(Object.keys(resources).sort()).toEqual(rules.resources.toSorted());
    for (const id of Object.keys(styles)) expect(effects).toContain(`{"do":"style","id":"${id}"`);
    for (const id of Object.keys(quest_pools)) expect(effects).toContain(`{"do":"quest_pool","id":"${id}"`);
  });

  test("lets its councils choose in both languages", () => {
    expect(councilRules(rules).options.filter(({ text }) => !isInBoth(text))).toEqual([]);
  });

  test("gives each territory a place of its own", () => {
    const places = Object.values(rules.territories).map(({ at }) => at?.join(" "));
    expect(places).not.toContain(undefined);
    expect(new Set(places).size).toBe(places.length);
  });
});
