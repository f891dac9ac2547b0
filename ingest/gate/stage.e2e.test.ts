import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import {
  bodiesIn,
  candidate,
  type Running,
  runStages,
  sendCandidate,
  testRealm,
  until,
} from "../../ops/testing/realm.ts";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { IngestRejection } from "../../shared/contracts/decision.ts";
import { commandId } from "../../shared/exact/identity.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { rawStream, subjects, validStream } from "../../shared/stream/subjects.ts";

const REALM = "gate";
let nats: TestNats;
let ingest: Running;

beforeAll(async () => {
  nats = await testNats();
  await testRealm(nats.bus, REALM);
  ingest = runStages(nats.bus, REALM, ["ingest"]);
});
afterAll(async () => {
  await ingest.stop();
  await nats.close();
});

const raw = (data: string | Uint8Array, subject = subjects.rawCandidate(REALM)) =>
  publishOne(nats.bus, { subject, data });

/** Sends something wrong and answers what ingest says of it. */
async function rejected(data: string | Uint8Array, subject?: string): Promise<IngestRejection> {
  const { seq } = await raw(data, subject);
  return until(async () => {
    const all = await bodiesIn<IngestRejection>(nats.bus, validStream(REALM), subjects.ingestRejected(REALM));
    return all.find(({ body }) => body.source_seq === seq)?.body;
  });
}
const changed = (change: object) => JSON.stringify({ ...candidate(REALM), ...change });

test.each([
  ["malformed JSON", "{not json", "not_json", undefined],
  ["nothing", "", "not_json", undefined],
  ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "not_json", undefined],
  ["a bare null", "null", "schema", ""],
  ["a number as a string", changed({ base_points: "100" }), "schema", "base_points"],
  ["a negative number", changed({ base_points: -5 }), "schema", "base_points"],
  ["a huge number", changed({ base_points: 1e300 }), "schema", "base_points"],
  ["a fraction", changed({ stakes: 0.5 }), "schema", "stakes"],
  ["an unknown field", changed({ normalized_points: 9 }), "schema", "normalized_points"],
  ["a missing field", changed({ user_id: undefined }), "schema", "user_id"],
  ["a wildcard in an id", changed({ faction_id: "emp*" }), "schema", "faction_id"],
  ["a dot in an id", changed({ user_id: "a.b" }), "schema", "user_id"],
  ["NUL in an id", changed({ user_id: "ada\0" }), "schema", "user_id"],
  ["a push without its territory", changed({ territory_id: undefined }), "schema", "territory_id"],
  ["a date that isn't one", changed({ occurred_at: "yesterday" }), "schema", "occurred_at"],
  ["another realm", changed({ realm_id: "elsewhere" }), "realm_mismatch", "realm_id"],
  [
    "25 hours ago",
    changed({ occurred_at: new Date(Date.now() - 25 * 3_600_000).toISOString() }),
    "stale",
    "occurred_at",
  ],
  [
    "6 minutes ahead",
    changed({ occurred_at: new Date(Date.now() + 6 * 60_000).toISOString() }),
    "future",
    "occurred_at",
  ],
  ["17 KiB", changed({ action_key: "a".repeat(17 * 1024) }), "too_large", undefined],
  ["8 000 levels", "[".repeat(8_000) + "]".repeat(8_000), "schema", ""],
])("%s is rejected as %s", async (_what, data, reason, path) => {
  const rejection = await rejected(data);
  expect(rejection.reason).toBe(reason);
  expect(rejection.path).toBe(path);
  expect(rejection.head.length).toBeLessThanOrEqual(1_024);
  expect(rejection.head).not.toContain("\0");
  expect(rejection.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("a command that nobody knows is rejected by its name", async () => {
  const body = JSON.stringify({ ...JSON.parse(changed({})), kind: "world.end" });
  expect(await rejected(body, subjects.rawCommand(REALM))).toMatchObject({
    kind: "command",
    reason: "unknown_command",
    path: "kind",
  });
});

test("what a story engine says for a player passes, and anything else on that subject is rejected", async () => {
  const subject = subjects.playerCommand(REALM);
  const body = (change: object) =>
    JSON.stringify({
      v: 1,
      idempotency_key: "a-player-says",
      realm_id: REALM,
      kind: "member.join",
      actor: { type: "player", id: "ada" },
      payload: { user: "ada", faction: "empire" },
      ...change,
    });
  const wrong: [change: object, reason: string, path?: string][] = [
    [{ kind: "decree", payload: { text: "x", effects: [] } }, "forbidden_kind", "kind"],
    [{ kind: "season.close", payload: {} }, "forbidden_kind", "kind"],
    [{ kind: "world.end" }, "unknown_command", "kind"],
    [{ actor: { type: "gm", id: "linh" } }, "schema", "actor.type"],
    [{ actor: { type: "system", id: "steward" } }, "schema", "actor.type"],
    [{ realm_id: "elsewhere" }, "realm_mismatch", "realm_id"],
    [{ payload: { user: "ada", faction: "x".repeat(40_000) } }, "too_large"],
  ];
  for (const [change, reason, path] of wrong)
    expect(await rejected(body(change), subject)).toMatchObject({
      kind: "command",
      reason,
      ...(path === undefined ? {} : { path }),
    });
  const { seq } = await publishOne(nats.bus, { subject, data: body({}) });
  const valid = await until(async () => {
    const all = await bodiesIn<ValidCommand>(nats.bus, validStream(REALM), subjects.validCommand(REALM));
    return all.find(({ body: { source_seq } }) => source_seq === seq)?.body;
  });
  expect(valid.command_id).toBe(commandId(REALM, { type: "player", id: "ada" }, "a-player-says"));
});

test("a body of 1 MiB is an error to its publisher", async () => {
  await expect(raw("x".repeat(1024 * 1024))).rejects.toMatchObject({ code: 10054 });
});

test("a full RAW stream is an error to its publisher, and what it holds is not lost", async () => {
  const { config } = await nats.bus.jsm.streams.info(rawStream(REALM));
  const { state } = await nats.bus.jsm.streams.info(rawStream(REALM));
  await nats.bus.jsm.streams.update(rawStream(REALM), { ...config, max_bytes: state.bytes });
  await expect(sendCandidate(nats.bus, candidate(REALM))).rejects.toMatchObject({ code: 10077 });
  await nats.bus.jsm.streams.update(rawStream(REALM), config);
  expect((await nats.bus.jsm.streams.info(rawStream(REALM))).state.messages).toBe(state.messages);
});

test("what is right goes on as it was, with its id, its time and its place", async () => {
  const sent = candidate(REALM, { user_id: "Bo-7", device_id: "phone", session_id: "s1", spend_tier: 2 });
  const { seq } = await sendCandidate(nats.bus, sent);
  const valid = await until(async () => {
    const all = await bodiesIn<{ source_seq: number }>(
      nats.bus,
      validStream(REALM),
      subjects.validCandidate(REALM),
    );
    return all.find(({ body }) => body.source_seq === seq)?.body;
  });
  expect(valid).toEqual({
    ...sent,
    event_id: expect.stringMatching(/^[a-z2-7]{26}$/),
    received_at: expect.stringMatching(/Z$/),
    source_seq: seq,
  });
});
