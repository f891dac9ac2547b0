import { expect, test } from "vitest";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { mapOf } from "../../reads/map.ts";
import { layoutOf, type MapNode } from "./layout.ts";

/** Places with roads both ways. */
function placesOf(ids: string, roads: string): MapNode[] {
  const pairs = roads.split(" ").filter((pair) => pair !== "");
  const touched = (id: string) =>
    pairs.filter((pair) => pair.includes(id)).map((pair) => pair.replace(id, ""));
  return [...ids].map((id) => ({ id, adjacent: touched(id) }));
}

test("the first realm is a wheel: the ring in table order, the hub in the middle, no other roads", async () => {
  const { territories } = mapOf(await loadRuleset("amoi-1"), {});
  expect(layoutOf(territories)).toEqual({
    hub: "hollow_cross",
    ring: ["iron_gate", "crown_fields", "river_mouth", "salt_terrace", "mist_fen", "moon_stair"],
    roads: [],
  });
});

test("neighbours stand side by side, whatever the order they are listed in", () => {
  const { hub, ring, roads } = layoutOf(placesOf("acebdf", "ab bc cd de ef fa"));
  expect(hub).toBeUndefined();
  expect(ring.join("")).toMatch(/^(abcdef|afedcb)$/);
  expect(roads).toEqual([]);
});

test("a road across the wheel is told", () => {
  expect(layoutOf(placesOf("abcdef", "ab bc cd de ef fa ad")).roads).toEqual([["a", "d"]]);
});

test("a map without a way round is a ring in the listed order, with every road drawn that isn't beside", () => {
  const { hub, ring, roads } = layoutOf(placesOf("abcd", "ab bc cd"));
  expect({ hub, ring, roads }).toEqual({ hub: undefined, ring: ["a", "b", "c", "d"], roads: [] });
  expect(layoutOf(placesOf("abcde", "")).ring.join("")).toBe("abcde");
});

test("a hub that doesn't touch everything has its roads drawn", () => {
  const { hub, roads } = layoutOf(placesOf("abcdeh", "ab bc cd de ea ha hb hc hd"));
  expect(hub).toBe("h");
  expect(roads).toEqual([
    ["h", "a"],
    ["h", "b"],
    ["h", "c"],
    ["h", "d"],
  ]);
});

test("one territory is all hub; two and three are a ring", () => {
  expect(layoutOf(placesOf("a", ""))).toEqual({ hub: "a", ring: [], roads: [] });
  expect(layoutOf(placesOf("ab", "ab"))).toEqual({ ring: ["a", "b"], roads: [] });
  expect(layoutOf(placesOf("abc", "ab bc ca"))).toEqual({ ring: ["a", "b", "c"], roads: [] });
});
