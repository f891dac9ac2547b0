import { expect, test } from "vitest";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { type Moment, Past } from "./past.ts";

/** Ticks 1 … `count`, the empire's share rising by a basis point each. */
function moments(count: number): Moment[] {
  const world = new ScriptedWorld("amoi-1");
  return Array.from({ length: count }, (_, i) => {
    const { delta, snapshot } = world.tick({ factions: { empire: { share_bp: 5_001 + i } } });
    const { tick } = delta;
    const events = [{ tick, n: 1, kind: "trigger", key: `k${tick}` }];
    return { state: snapshot.state.public, hash: delta.hash, events };
  });
}
function pastOf(given: readonly Moment[]): Past {
  const past = new Past();
  for (const moment of given) past.append(moment);
  return past;
}

test("ticks follow each other; what came before the page is put before them", () => {
  const all = moments(6);
  const past = pastOf(all.slice(3));
  past.prepend(all.slice(0, 3));
  expect([past.first, past.last, past.size]).toEqual([1, 6, 6]);
  expect(past.at(2)?.hash).toBe(all[1]!.hash);
  expect(past.at(7)).toBeUndefined();
  expect(past.shares("empire")).toEqual([5_001, 5_002, 5_003, 5_004, 5_005, 5_006]);
  expect(past.shares("nobody")).toEqual([null, null, null, null, null, null]);
});

test("a gap begins anew, and a past that doesn't lead up to the present is not taken", () => {
  const all = moments(8);
  const past = pastOf([all[0]!, all[1]!, all[5]!, all[6]!]);
  expect([past.first, past.last]).toEqual([6, 7]);
  past.prepend(all.slice(0, 4));
  expect(past.first).toBe(6);
  past.prepend(all.slice(2, 6));
  expect(past.first).toBe(3);
});

test("events are told newest first, up to the tick that is looked at", () => {
  const past = pastOf(moments(5));
  expect(past.events(3).map(({ key }) => key)).toEqual(["k5", "k4", "k3"]);
  expect(past.events(9, 2).map(({ key }) => key)).toEqual(["k2", "k1"]);
});

test("memory is bounded", () => {
  const past = pastOf(moments(530));
  expect([past.size, past.first, past.last]).toEqual([512, 19, 530]);
});
