import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { sendCommand, testRealm } from "../../ops/testing/realm.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { awaitDecision } from "./await-decision.ts";

const REALM = "skewed";
let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
  await testRealm(nats.bus, REALM);
});
afterAll(() => nats.close());

test("a decision is found also where the clock of its stream's leader is behind that of RAW's", async () => {
  const decided = { status: "refused", reason: "too_early", source_seq: 1 };
  await publishOne(nats.bus, { subject: subjects.command(REALM), data: JSON.stringify([decided]) });
  await delay(20); // What asks now has a later time than its answer, as on another host's clock.
  const { seq } = await sendCommand(nats.bus, REALM, "tick.run", {});
  expect(seq).toBe(1);
  expect(await awaitDecision(nats.bus, { realm: REALM, seq }, 2_000)).toMatchObject(decided);
});
