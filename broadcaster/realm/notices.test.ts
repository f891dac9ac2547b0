import { expect, test } from "vitest";
import { decodeFrame } from "../../shared/clients/typescript/feed-client.ts";
import type { PassedNotices } from "../../shared/contracts/feed.ts";
import { Notices, orderOf } from "./notices.ts";

const ROOMY_BYTES = 2 ** 30;

/** One item per user, whose id says its tick and part. */
const part = (tick: number, n: number, ...users: string[]): PassedNotices => ({
  realm: "amoi-1",
  tick,
  part: n,
  parts: 9,
  notices: users.map((user) => ({ user, items: [{ id: `t${tick}.${n}.${user}`, kind: "flip" }] })),
});
const idsOf = (notices: Notices, user: string, after = 0) =>
  notices.of(user, after).map(({ bytes }) => {
    const frame = decodeFrame(bytes);
    if (frame.type !== "notice") throw new Error(frame.type);
    return frame.items[0]!.id;
  });

test("a player's notices come back in order, from a place on, and nobody else's", () => {
  const notices = new Notices(256, ROOMY_BYTES);
  expect(notices.add(part(1, 1, "ada", "bob"))).toEqual(["ada", "bob"]);
  notices.add(part(1, 2, "ada"));
  notices.add(part(2, 1, "constructor"));
  expect(idsOf(notices, "ada")).toEqual(["t1.1.ada", "t1.2.ada"]);
  expect(idsOf(notices, "ada", orderOf(1, 1))).toEqual(["t1.2.ada"]);
  expect(idsOf(notices, "constructor", orderOf(1, 999))).toEqual(["t2.1.constructor"]);
  expect(idsOf(notices, "eve")).toEqual([]);
  expect(notices.usersAfter(orderOf(1, 1))).toEqual(new Set(["ada", "constructor"]));
});

test("a part that comes twice is held once", () => {
  const notices = new Notices(256, ROOMY_BYTES);
  notices.add(part(1, 1, "ada"));
  expect(notices.add(part(1, 1, "ada"))).toEqual([]);
  expect(idsOf(notices, "ada")).toHaveLength(1);
});

test("those of the last 256 ticks are held, and no more", () => {
  const notices = new Notices(256, ROOMY_BYTES);
  for (let tick = 1; tick <= 300; tick++) notices.add(part(tick, 1, "ada", `once-${tick}`));
  expect(idsOf(notices, "ada")).toHaveLength(256);
  expect(idsOf(notices, "ada")[0]).toBe("t45.1.ada");
  expect(idsOf(notices, "once-44")).toEqual([]);
  expect(idsOf(notices, "once-45")).toEqual(["t45.1.once-45"]);
});

test("where they take more bytes than they may, the oldest go", () => {
  const notices = new Notices(256, 10_000);
  for (let tick = 1; tick <= 100; tick++) notices.add(part(tick, 1, "ada"));
  const held = idsOf(notices, "ada");
  expect(held.length).toBeGreaterThan(5);
  expect(held.length).toBeLessThan(40);
  expect(held.at(-1)).toBe("t100.1.ada");
});
