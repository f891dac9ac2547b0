import { expect, test } from "vitest";
import { BlockedStreams } from "./blocked-streams.ts";

const now = () => performance.now();

test("a trouble that mends itself within 15 s is no reason to be unready, one that lasts is", () => {
  const troubles = new BlockedStreams();
  troubles.begin("EVENTS_r1", { realm: "r1", reason: "interrupted" });
  expect(troubles.notReady(now() + 14_000)).toBeUndefined();
  troubles.begin("EVENTS_r1", { realm: "r1", reason: "interrupted again" });
  expect(troubles.notReady(now() + 15_000)).toBe("EVENTS_r1: interrupted again");
  troubles.over("EVENTS_r1");
  expect(troubles.notReady(now() + 60_000)).toBeUndefined();
});

test("a refused realm and a Postgres that takes no rows are reasons at once, the refused one first", () => {
  const troubles = new BlockedStreams();
  troubles.begin("postgres", { reason: "away" });
  troubles.begin("WORLD_r1", { realm: "r1", reason: "poison", refused: true });
  expect(troubles.notReady()).toBe("WORLD_r1: poison; postgres: away");
});

test("work that waits for 15 s without moving is a reason, and work that moves is none however much it is", () => {
  const troubles = new BlockedStreams();
  troubles.waits("EVENTS_r1", { lag: 7, through: 3 });
  expect(troubles.notReady(now() + 14_000)).toBeUndefined();
  expect(troubles.notReady(now() + 16_000)).toBe("EVENTS_r1: archived up to 3, more has waited for 16 s");
  troubles.waits("EVENTS_r1", { lag: 9_000, through: 4 });
  expect(troubles.notReady(now() + 14_000)).toBeUndefined();
  troubles.waits("EVENTS_r1", { lag: 0, through: 9_004 });
  expect(troubles.notReady(now() + 60_000)).toBeUndefined();
});

test("what another process archives is no longer told of", () => {
  const troubles = new BlockedStreams();
  troubles.begin("EVENTS_r1", { realm: "r1", reason: "poison", refused: true });
  troubles.waits("EVENTS_r1", { lag: 1, through: 0 });
  troubles.left("EVENTS_r1");
  expect(troubles.notReady(now() + 60_000)).toBeUndefined();
});
