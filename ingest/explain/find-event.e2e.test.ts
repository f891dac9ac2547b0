import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { testRealm } from "../../ops/testing/realm.ts";
import { publishBatch } from "../../shared/stream/publish.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { findInEvents } from "./find-event.ts";

const REALM = "long";
const id = (n: number) =>
  `event${[...`${n}`].map((digit) => "abcdefghij"[Number(digit)]).join("")}`.padEnd(26, "x");
let nats: TestNats;

beforeAll(async () => {
  nats = await testNats();
  await testRealm(nats.bus, REALM);
  const first = {
    subject: subjects.quarantined(REALM),
    reason: "burst_user",
    validity_status: "quarantined",
  };
  const rest = { subject: subjects.accepted(REALM), validity_status: "accepted" };
  const messages = Array.from({ length: 9_000 }, (_, n) => {
    const { subject, ...verdict } = n === 5 ? first : rest;
    return { subject, data: JSON.stringify([{ event_id: id(n), ...verdict }]) };
  });
  messages.push({
    subject: subjects.accepted(REALM),
    data: JSON.stringify([
      { event_id: id(9_000), validity_status: "accepted" },
      { event_id: id(5), validity_status: "accepted", reason: "released" },
    ]),
  });
  for (let start = 0; start < messages.length; start += 1_000)
    await publishBatch(nats.bus, messages.slice(start, start + 1_000));
});
afterAll(() => nats.close());

const find = (event: string, limits: { after?: number; maxBodies?: number } = {}) =>
  findInEvents(nats.bus, REALM, event, { after: 0, maxBodies: 200_000, timeoutMs: 20_000, ...limits });

test("a recent event is found without reading far", async () => {
  const { rows, looked } = await find(id(8_990));
  expect(rows).toMatchObject([{ index: 0, decision: { validity_status: "accepted" } }]);
  expect(looked.through - looked.from).toBeLessThan(3_000);
});

test("a release is found with the quarantine before it, however far back, in stream order", async () => {
  const { rows } = await find(id(5));
  expect(rows.map(({ index, decision }) => [index, decision.reason])).toEqual([
    [0, "burst_user"],
    [1, "released"],
  ]);
  expect(rows[1]!.sequence - rows[0]!.sequence).toBe(8_995);
});

test("what isn't there is looked for in everything, or in as many decisions as allowed, and the answer says so", async () => {
  expect(await find("z".repeat(26))).toMatchObject({ rows: [], looked: { from: 1, bodies: 9_002 } });
  const { rows, looked } = await find("z".repeat(26), { maxBodies: 100 });
  expect(rows).toEqual([]);
  expect(looked.bodies).toBe(2_049);
  const { rows: late } = await find(id(5), { after: 100 });
  expect(late.map(({ decision }) => decision.reason)).toEqual(["released"]);
});
