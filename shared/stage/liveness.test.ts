import { expect, test } from "vitest";
import { Liveness } from "./ownership.ts";

const TTL_MS = 4_000;

/** Hears of each worker once a second, from one second to another. */
function hear(liveness: Liveness, workers: string[], fromSecond: number, toSecond: number): void {
  for (let second = fromSecond; second <= toSecond; second++)
    for (const worker of workers) liveness.heard(worker, second * 1_000);
}

test("a worker that is heard of lives, and is dead a TTL after it fell silent while others speak", () => {
  const liveness = new Liveness(TTL_MS);
  hear(liveness, ["me", "other"], 0, 10);
  hear(liveness, ["me"], 11, 14);
  expect(liveness.live()).toEqual(["me", "other"]);
  hear(liveness, ["me"], 15, 15);
  expect(liveness.live()).toEqual(["me"]);
});

test("a worker that takes its entry back is dead at once", () => {
  const liveness = new Liveness(TTL_MS);
  hear(liveness, ["me", "other"], 0, 1);
  liveness.left("other");
  expect(liveness.live()).toEqual(["me"]);
});

test("while nobody is heard of, nobody dies, and afterwards each has its time to speak again", () => {
  const liveness = new Liveness(TTL_MS);
  hear(liveness, ["me", "other", "dead"], 0, 10);
  expect(liveness.live()).toEqual(["me", "other", "dead"]);
  hear(liveness, ["me"], 100, 101);
  expect(liveness.live()).toEqual(["me", "other", "dead"]);
  hear(liveness, ["me", "other"], 102, 105);
  expect(liveness.live()).toEqual(["me", "other"]);
});

test("a worker whose own announcements don't get through, while those of others do, doesn't count itself", () => {
  const liveness = new Liveness(TTL_MS);
  hear(liveness, ["me", "other"], 0, 1);
  hear(liveness, ["other"], 2, 6);
  expect(liveness.live()).toEqual(["other"]);
});
