import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { testRealm, until } from "../../ops/testing/realm.ts";
import { readEnv } from "../process/env.ts";
import { openLog } from "../process/log.ts";
import type { Bus } from "../stream/bus.ts";
import { publishBatch } from "../stream/publish.ts";
import { eventsStream, subjects } from "../stream/subjects.ts";
import { NotCaughtUp, QuarantineFollower } from "./follow-quarantine.ts";

const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test");
let nats: TestNats;
const stop = new AbortController();

beforeAll(async () => {
  nats = await testNats();
});
afterAll(async () => {
  stop.abort();
  await nats.close();
});

const quarantined = (bus: Bus, realm: string, ids: string[]) =>
  publishBatch(bus, [
    {
      subject: subjects.quarantined(realm),
      data: JSON.stringify(ids.map((event_id) => ({ event_id, reason: "burst_user" }))),
    },
  ]);
const reviewed = (bus: Bus, realm: string, reviews: { event: string; key: string; status: string }[]) =>
  publishBatch(bus, [
    {
      subject: subjects.command(realm),
      data: JSON.stringify(
        reviews.map(({ event, key, status }) => ({
          kind: "review.release",
          command_id: key,
          status,
          ...(status === "refused" ? { reason: "already_reviewed" } : {}),
          actor: { type: "gm", id: key },
          received_at: "2026-03-01T10:00:00.000Z",
          payload: { event },
        })),
      ),
    },
  ]);

function follow(realm: string): QuarantineFollower {
  const follower = new QuarantineFollower(nats.bus, realm, log);
  void follower.follow(stop.signal);
  return follower;
}

test("everything from the start of EVENTS is there, and the first review of an event holds", async () => {
  await testRealm(nats.bus, "first");
  await quarantined(nats.bus, "first", ["a", "b", "c"]);
  await reviewed(nats.bus, "first", [
    { event: "a", key: "linh", status: "applied" },
    { event: "a", key: "minh", status: "refused" },
    { event: "b", key: "minh", status: "refused" },
  ]);
  const { open, closed, outcomes, ruleset } = await follow("first").upToDate(5_000);
  expect([...open.keys()]).toEqual(["b", "c"]);
  expect(closed.get("a")).toMatchObject({ status: "applied", actor: { id: "linh" } });
  expect(outcomes.get("minh")).toMatchObject({ event: "a", status: "refused" });
  expect(ruleset?.judgement.quarantine.days).toBe(7);
});

test("an event that is quarantined again is open again, as the youngest", async () => {
  await testRealm(nats.bus, "again");
  await quarantined(nats.bus, "again", ["a", "b"]);
  await reviewed(nats.bus, "again", [{ event: "a", key: "linh", status: "applied" }]);
  await quarantined(nats.bus, "again", ["a"]);
  const { open, closed } = await follow("again").upToDate(5_000);
  expect([...open.keys()]).toEqual(["b", "a"]);
  expect(closed.size).toBe(0);
});

test("it goes on after NATS was killed, and an outcome that is waited for comes through", async () => {
  await testRealm(nats.bus, "killed");
  await quarantined(nats.bus, "killed", ["a"]);
  const follower = follow("killed");
  expect((await follower.upToDate(5_000)).open.size).toBe(1);
  const waited = follower.outcomeOf("linh", 20_000);
  await nats.restart();
  await until(() =>
    reviewed(nats.bus, "killed", [{ event: "a", key: "linh", status: "applied" }]).catch(() => undefined),
  );
  expect(await waited).toMatchObject({ event: "a", status: "applied" });
  expect((await follower.upToDate(5_000)).open.size).toBe(0);
});

test("a stream that was made anew is read anew", async () => {
  await testRealm(nats.bus, "anew");
  await quarantined(nats.bus, "anew", ["a"]);
  const follower = follow("anew");
  await follower.upToDate(5_000);
  await nats.bus.jsm.streams.delete(eventsStream("anew"));
  await testRealm(nats.bus, "anew");
  await quarantined(nats.bus, "anew", ["b"]);
  await until(async () => {
    const { open } = await follower.upToDate(5_000);
    return open.size === 1 && open.has("b");
  });
});

test("who waits hears at the time-out, or at the end, that it isn't read yet", async () => {
  await testRealm(nats.bus, "unread");
  const idle = new QuarantineFollower(nats.bus, "unread", log);
  await expect(idle.upToDate(50)).rejects.toThrow(NotCaughtUp);
  const ended = new AbortController();
  const waiting = expect(idle.upToDate(60_000)).rejects.toThrow(NotCaughtUp);
  ended.abort();
  await idle.follow(ended.signal);
  await waiting;
});
