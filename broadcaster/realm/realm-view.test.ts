import { expect, test } from "vitest";
import { decodeFrame } from "../../shared/clients/typescript/feed-client.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { Divergence, HELD_DELTAS, RealmView, type Step } from "./realm-view.ts";

/** A view that has seen `ticks` ticks, each with another tension. */
function viewAfter(ticks: number) {
  const world = new ScriptedWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  for (let i = 1; i <= ticks; i++) view.advance(world.tick({ meters: { global_tension: i } }).delta);
  return { world, view };
}
const told = (step: Step | undefined) =>
  step?.frames.map(({ bytes }) => {
    const frame = decodeFrame(bytes);
    return frame.type === "resync"
      ? `resync ${frame.reason}`
      : `${frame.type} ${"tick" in frame ? frame.tick : ""}`;
  });

test("a client without a place gets the snapshot of the newest tick", () => {
  const { view, world } = viewAfter(3);
  expect(told(view.next(undefined))).toEqual(["snapshot 3"]);
  expect(view.next(undefined)?.place).toEqual({ epoch: "e1", tick: 3 });
  expect(decodeFrame(view.next(undefined)!.frames[0]!.bytes)).toMatchObject({
    hash: world.snapshot.public_hash,
    state: world.snapshot.state.public,
  });
});

test("a client gets exactly the deltas that it missed, one after the other", () => {
  const { view } = viewAfter(5);
  const first = view.next({ epoch: "e1", tick: 3 });
  expect(told(first)).toEqual(["delta 4"]);
  const second = view.next(first?.place);
  expect(told(second)).toEqual(["delta 5"]);
  expect(view.next(second?.place)).toBeUndefined();
});

test("a client of tick 0 gets the first delta", () => {
  expect(told(viewAfter(2).view.next({ epoch: "e1", tick: 0 }))).toEqual(["delta 1"]);
});

test("another epoch, the future and a tick that is no longer held start a client anew", () => {
  const { view } = viewAfter(HELD_DELTAS + 1);
  const newest = `snapshot ${HELD_DELTAS + 1}`;
  expect(told(view.next({ epoch: "e0", tick: 300 }))).toEqual(["resync epoch", newest]);
  expect(told(view.next({ epoch: "e1", tick: HELD_DELTAS + 2 }))).toEqual(["resync future", newest]);
  expect(told(view.next({ epoch: "e1", tick: 0 }))).toEqual(["resync too_old", newest]);
  expect(told(view.next({ epoch: "e1", tick: 1 }))).toEqual(["delta 2"]);
});

test("deltas that a view recalls serve clients like those that it saw", () => {
  const world = new ScriptedWorld("amoi-1");
  const deltas = [1, 2, 3].map((n) => world.tick({ meters: { global_tension: n } }).delta);
  const view = new RealmView(world.snapshot, "e1");
  for (const delta of deltas) view.recall(delta);
  expect(told(view.next({ epoch: "e1", tick: 1 }))).toEqual(["delta 2"]);
});

test("a recalled past with a hole, or one that leads elsewhere, is forgotten", () => {
  const world = new ScriptedWorld("amoi-1");
  const [first, second, third] = [world.tick(), world.tick(), world.tick()].map(({ delta }) => delta);
  const holed = new RealmView(world.snapshot, "e1");
  holed.recall(first!);
  holed.recall(third!);
  expect(told(holed.next({ epoch: "e1", tick: 0 }))).toEqual(["resync too_old", "snapshot 3"]);
  expect(told(holed.next({ epoch: "e1", tick: 2 }))).toEqual(["delta 3"]);

  const elsewhere = new RealmView(world.snapshot, "e1");
  elsewhere.recall(second!);
  elsewhere.recall({ ...third!, hash: "another" });
  expect(told(elsewhere.next({ epoch: "e1", tick: 1 }))).toEqual(["resync too_old", "snapshot 3"]);
});

test("a delta that skips a tick, continues another state or misses its hash is refused, and nothing moves", () => {
  const { view, world } = viewAfter(2);
  const hash = view.hash;
  const { delta } = world.tick({ meters: { global_tension: 3 } });
  const later = world.tick().delta;
  expect(() => view.advance(later)).toThrow(Divergence);
  expect(() => view.advance({ ...delta, prev: "another" })).toThrow(Divergence);
  expect(() => view.advance({ ...delta, patch: { tick: 3 } })).toThrow(Divergence);
  expect({ tick: view.tick, hash: view.hash }).toEqual({ tick: 2, hash });
  view.advance(delta);
  expect(view.tick).toBe(3);
});

test("a snapshot whose state misses its hash is refused", () => {
  const { snapshot } = new ScriptedWorld("amoi-1");
  expect(() => new RealmView({ ...snapshot, public_hash: "another" }, "e1")).toThrow(Divergence);
});

test("a view continues an earlier one only where its deltas lead on from that one's state", () => {
  const { view: earlier, world } = viewAfter(2);
  const [third, fourth] = [world.tick(), world.tick()].map(({ delta }) => delta);
  const later = new RealmView(world.snapshot, "e1");
  expect(later.continues(earlier)).toBe(false);
  later.recall(third!);
  later.recall(fourth!);
  expect(later.continues(earlier)).toBe(true);
  expect(new RealmView(world.snapshot, "e2").continues(earlier)).toBe(false);
  expect(earlier.continues(later)).toBe(false);
});
