import { setTimeout as delay } from "node:timers/promises";
import { headers, nuid } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { bodiesIn, candidate } from "../../ops/testing/realm.ts";
import type { Candidate } from "../../shared/contracts/candidate.ts";
import { eventId } from "../../shared/exact/identity.ts";
import { REFUSED } from "../../shared/stream/publish.ts";
import { candidateMsgId, rawStream, subjects } from "../../shared/stream/subjects.ts";
import { Crowded, Gateway } from "./gateway.ts";

const REALM = "storm";
let api: TestApi;

beforeAll(async () => {
  api = await testApi(REALM);
});
afterAll(() => api.close());

test("with NATS killed amid a stream of posts, every acknowledged event is in RAW exactly once", async () => {
  const acknowledged: string[] = [];
  const refused: (string | null)[] = [];
  let stop = false;
  /** Sends singles and arrays, and what was refused again under the same key, as a story engine does. */
  async function storyEngine(name: string): Promise<void> {
    for (let n = 0; !stop; n++) {
      const bodies = Array.from({ length: n % 3 === 0 ? 5 : 1 }, (_, i) =>
        candidate(REALM, { user_id: `${name}-${n}-${i}` }),
      );
      for (let waiting = bodies; waiting.length > 0; ) {
        const single = waiting.length === 1;
        const { status, headers, body } = await api.post("impact-candidate", single ? waiting[0] : waiting);
        const results = single ? [{ status, ...body }] : (body.results as { status: number }[]);
        if (single && status === 503) refused.push(headers.get("retry-after"));
        for (const result of results)
          if ("event_id" in result) acknowledged.push(String(result.event_id));
          else expect(result.status).toBe(503);
        waiting = waiting.filter((_, i) => results[i]!.status !== 202);
        if (waiting.length > 0) await delay(50);
      }
    }
  }
  const engines = Array.from({ length: 16 }, (_, i) => storyEngine(`engine-${i}`));
  await delay(500);
  await api.nats.restart();
  const before = acknowledged.length;
  while (acknowledged.length < before + 100) await delay(20);
  stop = true;
  await Promise.all(engines);

  const stored = await bodiesIn<Candidate>(api.nats.bus, rawStream(REALM), subjects.rawCandidate(REALM));
  const ids = stored.map(({ body }) => eventId(REALM, body.user_id, body.idempotency_key));
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect([...acknowledged].sort()).toEqual([...ids].sort());
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every((seconds) => Number(seconds) > 0)).toBe(true);
});

test("while RAW is full, singles, arrays and commands are refused with 503, and taken again once there is room", async () => {
  const { config, state } = await api.nats.bus.jsm.streams.info(rawStream(REALM));
  await api.nats.bus.jsm.streams.update(rawStream(REALM), { ...config, max_bytes: state.bytes });
  const body = candidate(REALM);
  const single = await api.post("impact-candidate", body);
  const several = await api.post("impact-candidate", [candidate(REALM), candidate(REALM)]);
  const run = { v: 1, idempotency_key: "when-full", realm_id: REALM, kind: "tick.run", payload: {} };
  const command = await api.post("events/ingest", { ...run, actor: { type: "gm", id: "tester" } });
  await api.nats.bus.jsm.streams.update(rawStream(REALM), config);
  for (const { status, headers } of [single, command])
    expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
  expect(several).toMatchObject({ status: 200, body: { results: [{ status: 503 }, { status: 503 }] } });
  expect(await api.post("impact-candidate", body)).toMatchObject({ status: 202, body: { duplicate: false } });
});

test("more requests than may wait for the disk are refused, and those that wait are stored", async () => {
  const gateway = new Gateway(api.nats.bus, 3);
  const submissions = Array.from({ length: 5 }, () => candidate(REALM, { user_id: "crowd" }));
  const outcomes = await Promise.allSettled(
    submissions.map((body) =>
      gateway.submit({
        realm: REALM,
        subject: subjects.rawCandidate(REALM),
        msgId: candidateMsgId(body.user_id, body.idempotency_key),
        data: JSON.stringify(body),
      }),
    ),
  );
  const stored = outcomes.filter(({ status }) => status === "fulfilled");
  const crowded = outcomes.filter((o) => o.status === "rejected" && o.reason instanceof Crowded);
  expect([stored.length, crowded.length]).toEqual([3, 2]);
});

test("while others hold open all batches that the server takes, whoever asks at once is answered with a place in RAW", async () => {
  const { bus } = api.nats;
  const open = async (message: number) => {
    const h = headers();
    h.set("Nats-Batch-Id", nuid.next());
    h.set("Nats-Batch-Sequence", "1");
    const reply = await bus.nc.request(subjects.rawCandidate(REALM), `open ${message}`, {
      headers: h,
      timeout: 5_000,
    });
    return reply.string();
  };
  const answers: string[] = [];
  while (!answers.some((answer) => answer.includes(`${REFUSED.tooManyBatches}`))) {
    expect(answers.length).toBeLessThan(200);
    answers.push(await open(answers.length));
  }
  const { last_seq } = (await bus.jsm.streams.info(rawStream(REALM))).state;
  const gateway = new Gateway(bus);
  const stored = await Promise.all(
    Array.from({ length: 50 }, () => candidate(REALM, { user_id: "patient" })).map((body) =>
      gateway.submit({
        realm: REALM,
        subject: subjects.rawCandidate(REALM),
        msgId: candidateMsgId(body.user_id, body.idempotency_key),
        data: JSON.stringify(body),
      }),
    ),
  );
  // Every one of them has a place of its own, and nothing else was stored.
  expect(stored.every((each) => each.kind === "stored" && !each.duplicate)).toBe(true);
  expect(stored.map(({ seq }) => seq - last_seq).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
});
