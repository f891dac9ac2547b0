/** What hostile and broken publishers send, over NATS, as far as the normalizer's decision. */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
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
import type { Decision, IngestRejection } from "../../shared/contracts/decision.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishBatch, publishOne } from "../../shared/stream/publish.ts";
import { eventsStream, subjects, validStream } from "../../shared/stream/subjects.ts";
import { malformed } from "../testing/malformed-input.ts";
import { TRICKS } from "../testing/malformed-values.ts";

let nats: TestNats;
let realm: string;
let other: string;
let stages: Running[];
let made = 0;

beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());
beforeEach(async () => {
  [realm, other] = [`gate-${++made}`, `gate-${++made}`];
  for (const each of [realm, other]) await testRealm(nats.bus, each);
  stages = [realm, other].map((each) => runStages(nats.bus, each, ["ingest", "normalizer"]));
});
afterEach(async () => {
  for (const each of stages) await each.stop();
});

type Received = { source_seq: number };

/** Publishes to RAW as anyone may, without a message id. Answers its sequence. */
const raw = async (data: string | Uint8Array, subject = subjects.rawCandidate(realm)): Promise<number> =>
  (await publishOne(nats.bus, { subject, data })).seq;

/** The decision on the candidate at `seq` of RAW. */
const decisionOn = (seq: number, of = realm): Promise<Decision> =>
  until(async () => {
    const all = await bodiesIn<Decision>(nats.bus, eventsStream(of), "events.");
    return all.find(({ subject, body }) => !/command|tick/.test(subject) && body.source_seq === seq)?.body;
  });

/** What ingest says of the body at `seq` of RAW. */
const rejectionOf = (seq: number): Promise<IngestRejection> =>
  until(async () => {
    const all = await bodiesIn<IngestRejection>(nats.bus, validStream(realm), subjects.ingestRejected(realm));
    return all.find(({ body }) => body.source_seq === seq)?.body;
  });

const changed = (change: object) => JSON.stringify({ ...candidate(realm), ...change });

/** The realm still judges. */
async function alive(): Promise<void> {
  const { seq } = await sendCandidate(nats.bus, candidate(realm, { user_id: "last" }));
  expect(await decisionOn(seq)).toMatchObject({ user_id: "last", validity_status: "accepted" });
}

test("whatever is published, each message of RAW has exactly one body on VALID, and the realm goes on", async () => {
  await fc.assert(
    fc.asyncProperty(
      // A larger message is an error to its publisher.
      fc.array(
        malformed(realm, Date.now()).filter(({ data }) => data.length < 200_000),
        { minLength: 100, maxLength: 150, size: "max" },
      ),
      async (inputs) => {
        const of = {
          candidate: subjects.rawCandidate(realm),
          command: subjects.rawCommand(realm),
          player_command: subjects.playerCommand(realm),
        };
        const { seq } = await publishBatch(
          nats.bus,
          inputs.map(({ kind, data }) => ({ subject: of[kind], data })),
        );
        const sent = inputs.map((_, i) => seq - inputs.length + 1 + i);
        const answered = await until(async () => {
          const all = await bodiesIn<Received>(nats.bus, validStream(realm), "");
          const seqs = all
            .filter(({ subject }) => !subject.startsWith("position."))
            .map(({ body }) => body.source_seq);
          return seqs.includes(seq) && seqs.filter((each) => each >= sent[0]!);
        });
        expect(answered.sort((a, b) => a - b)).toEqual(sent);
      },
    ),
    { numRuns: 5, endOnFailure: true },
  );
  // The hostile commands may have closed the realm to all candidates: it still decides.
  const { seq } = await sendCandidate(nats.bus, candidate(realm, { user_id: "last" }));
  expect(await decisionOn(seq)).toMatchObject({ user_id: "last" });
});

test("one key of two users is two events, and both count", async () => {
  const body = candidate(realm);
  const first = await sendCandidate(nats.bus, body);
  const second = await sendCandidate(nats.bus, { ...body, user_id: "bo" });
  const decisions = [await decisionOn(first.seq), await decisionOn(second.seq)];
  expect(decisions.map(({ validity_status }) => validity_status)).toEqual(["accepted", "accepted"]);
  expect(decisions[0]!.event_id).not.toBe(decisions[1]!.event_id);
});

test("one user with one key in two realms, even of rival factions, counts in both", async () => {
  const body = candidate(realm);
  const here = await sendCandidate(nats.bus, body);
  const there = await sendCandidate(nats.bus, { ...body, realm_id: other, faction_id: "veilborn" });
  const decisions = [await decisionOn(here.seq), await decisionOn(there.seq, other)];
  expect(decisions.map(({ validity_status }) => validity_status)).toEqual(["accepted", "accepted"]);
  expect(decisions[0]!.event_id).not.toBe(decisions[1]!.event_id);
});

test("a candidate of one realm on the subject of another counts in neither", async () => {
  const seq = await raw(JSON.stringify(candidate(other)));
  expect(await rejectionOf(seq)).toMatchObject({ reason: "realm_mismatch", path: "realm_id" });
  await alive();
  expect(await lastOf(nats.bus, validStream(other), subjects.validCandidate(other))).toBeUndefined();
});

test("what occurred earlier and arrives later counts, in the order of its arrival", async () => {
  const agoMs = [60_000, 23 * 3_600_000, 0, 3_600_000];
  const seqs: number[] = [];
  for (const ms of agoMs)
    seqs.push(await raw(changed({ occurred_at: new Date(Date.now() - ms).toISOString() })));
  const decisions = await Promise.all(seqs.map((seq) => decisionOn(seq)));
  expect(decisions.map(({ validity_status }) => validity_status)).toEqual(agoMs.map(() => "accepted"));
  const received = decisions.map(({ received_at }) => received_at);
  expect(received).toEqual([...received].sort());
});

test("of a key that comes twice the last value is judged, and VALID has the key once", async () => {
  const seq = await raw(
    changed({}).replace("{", '{"base_points":9999,"user_id":"eve","faction_id":"nobody",'),
  );
  expect(await decisionOn(seq)).toMatchObject({
    validity_status: "accepted",
    base_points: 100,
    user_id: "ada",
    faction_id: "empire",
  });
  const text = (await lastOf(nats.bus, validStream(realm), subjects.validCandidate(realm)))!.text();
  expect(text.match(/"(base_points|user_id|faction_id)"/g)).toHaveLength(3);
});

test.each([
  ["a faction", { faction_id: "nobody" }, "unknown_faction"],
  ["a territory", { territory_id: "nowhere" }, "unknown_territory"],
  ["a faction named as what every object has", { faction_id: "constructor" }, "unknown_faction"],
  ["a territory named so", { territory_id: "constructor" }, "unknown_territory"],
])("%s that the ruleset doesn't know is rejected by the normalizer", async (_what, change, reason) => {
  expect(await decisionOn(await raw(changed(change)))).toMatchObject({ validity_status: "rejected", reason });
});

test("17 KiB, 10 000 levels, numbers as strings and tricks in ids are rejected one by one, and the realm goes on", async () => {
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  const bodies: [data: string, reason: string, path?: string][] = [
    [changed({}).padEnd(17 * 1_024), "too_large"],
    [deep, "too_large"],
    [deep.slice(5_000, 15_000), "schema", ""],
    [changed({ stakes: "@" }).replace('"@"', deep.slice(5_000, 15_000)), "schema", "stakes"],
    [changed({ base_points: "100" }), "schema", "base_points"],
    [changed({ stakes: "6e3" }), "schema", "stakes"],
    [changed({}).replace("{", '{"__proto__":{"user_id":"eve"},'), "schema", "__proto__"],
    ...Object.values(TRICKS).map((text): [string, string, string] => [
      changed({ user_id: text }),
      "schema",
      "user_id",
    ]),
  ];
  const { seq } = await publishBatch(
    nats.bus,
    bodies.map(([data]) => ({ subject: subjects.rawCandidate(realm), data })),
  );
  await rejectionOf(seq);
  const rejections = await bodiesIn<IngestRejection>(
    nats.bus,
    validStream(realm),
    subjects.ingestRejected(realm),
  );
  expect(rejections.map(({ body }) => [body.reason, body.path])).toEqual(
    bodies.map(([, reason, path]) => [reason, path]),
  );
  await alive();
});

test("a command 10 000 levels deep, or with such a decision in it, is rejected, and the realm goes on", async () => {
  const deep = `${"[".repeat(10_000)}1${"]".repeat(10_000)}`;
  const command = (kind: string, payload: object) =>
    JSON.stringify({
      v: 1,
      idempotency_key: "deep-command",
      realm_id: realm,
      actor: { type: "gm", id: "tester" },
      kind,
      payload,
    }).replace('"@"', deep);
  const review = command("review.release", { event: "a".repeat(26), decision: { explain: "@" } });
  const bodies: [data: string, path: string][] = [
    [deep, ""],
    [command("tick.run", { x: "@" }), "payload.x"],
    [review, "payload.decision"],
  ];
  for (const [data, path] of bodies)
    expect(await rejectionOf(await raw(data, subjects.rawCommand(realm)))).toMatchObject({
      kind: "command",
      reason: "schema",
      path,
    });
  await alive();
});
