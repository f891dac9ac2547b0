import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, TOKEN, testApi } from "../../ops/testing/api.ts";
import { candidate } from "../../ops/testing/realm.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import type { Line } from "./lines.ts";

const REALM = "became";
type Told = Line & { cursor: string };
let api: TestApi;
beforeAll(async () => {
  api = await testApi(REALM, ["ingest", "normalizer", "simulator"]);
});
afterAll(() => api.close());

let keys = 0;
const key = () => `decision-key-${++keys}`;
const say = (kind: string, payload: object, more: object = {}) =>
  api.post("events/ingest", { v: 1, idempotency_key: key(), realm_id: REALM, kind, payload, ...more });
const tick = () => api.post("tick/run", { realm_id: REALM, idempotency_key: key() });

/** Reads so many lines, and then hangs up. */
async function read(query: string, count: number, headers: Record<string, string> = {}): Promise<Told[]> {
  const hangUp = new AbortController();
  const answer = await fetch(`${api.url}/internal/world/${REALM}/decisions?${query}`, {
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    signal: AbortSignal.any([hangUp.signal, AbortSignal.timeout(20_000)]),
  });
  expect(answer.status).toBe(200);
  const lines: Told[] = [];
  let rest = "";
  for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
    const texts = (rest + part).split("\n");
    rest = texts.pop()!;
    for (const text of texts) {
      const data = text.startsWith("data: ") ? text.slice(6) : text;
      if (data.startsWith("{")) lines.push(JSON.parse(data) as Told);
    }
    if (lines.length >= count) break;
  }
  hangUp.abort();
  return lines.slice(0, count);
}
const short = ({ kind, user_id, status, reason, tick }: Told) =>
  [kind, user_id, status, reason, tick].filter((part) => part !== undefined).join(" ");
const withoutCursor = ({ cursor: _, ...line }: Told) => line;

test("each candidate and command has its lines in order: refused at the gate, decided, and what the tick made of it", async () => {
  await api.post("impact-candidate", candidate(REALM, { user_id: "ada", faction_id: "empire" }));
  await api.post("impact-candidate", candidate(REALM, { user_id: "bo", territory_id: "atlantis" }));
  await say(
    "council.vote",
    { user: "ada", faction: "empire", option: 0 },
    { actor: { type: "player", id: "ada" } },
  );
  await say("resource.spend", { faction: "empire", resource: "iron", amount: 9_000_000 });
  await publishOne(api.nats.bus, {
    subject: subjects.rawCandidate(REALM),
    data: JSON.stringify({ v: 1, user_id: "cleo", idempotency_key: "a-wrong-body", base_points: "many" }),
    msgId: "c.cleo.a-wrong-body",
  });
  await tick();
  const lines = await read("after=0", 9);
  const of = (user: string | undefined) => lines.filter(({ user_id }) => user_id === user).map(short);
  expect(of("ada")).toEqual([
    "candidate ada accepted",
    "council.vote ada refused no_council",
    "candidate ada applied 1",
  ]);
  expect(of("bo")).toEqual(["candidate bo rejected unknown_territory"]);
  expect(of("cleo")).toEqual(["candidate cleo rejected schema"]);
  expect(of(undefined)).toEqual(
    expect.arrayContaining([
      "ruleset.set applied",
      "resource.spend passed",
      "resource.spend refused insufficient 1",
    ]),
  );
  const [decided, , applied] = lines.filter(({ user_id }) => user_id === "ada");
  expect(applied).toMatchObject({
    event_id: decided!.event_id,
    points: decided!.points,
    source_seq: decided!.source_seq,
  });
  expect(applied!.sentence!.vi).toMatch(/phe/);
});

test("a reader that dies anywhere and goes on from its last cursor sees each line once and in order", async () => {
  for (let i = 0; i < 12; i++)
    await api.post("impact-candidate", candidate(REALM, { user_id: `user-${i}`, faction_id: "empire" }));
  await say("realm.status", { status: "maintenance" });
  await say("realm.status", { status: "active" });
  await tick();
  const whole = await read("after=0", 36);
  const parts: Told[] = [];
  for (let size = 1; parts.length < whole.length; size = (size % 5) + 1) {
    const after = parts.at(-1)?.cursor ?? "0";
    const count = Math.min(size, whole.length - parts.length);
    const sse = size % 2 === 0;
    parts.push(
      ...(sse
        ? await read("", count, { accept: "text/event-stream", "last-event-id": after })
        : await read(`after=${after}&limit=${count}`, count)),
    );
  }
  const order = (lines: Told[], of: (line: Told) => boolean) => lines.filter(of).map(withoutCursor);
  // What the gate refused may come between any two lines; each log has its order.
  const atGate = ({ event_id, command_id }: Told) => event_id === undefined && command_id === undefined;
  expect(order(parts, atGate)).toEqual(order(whole, atGate));
  expect(order(parts, (line) => !atGate(line))).toEqual(order(whole, (line) => !atGate(line)));
}, 60_000);

test("an open reader gets what happens as it happens, of one user where it asks for one, and ends at its limit", async () => {
  const last = (await read("after=0&limit=36", 36)).at(-1)!.cursor;
  const reading = read(`after=${last}&user_id=late&limit=2`, 2);
  await api.post("impact-candidate", candidate(REALM, { user_id: "other", faction_id: "empire" }));
  await api.post("impact-candidate", candidate(REALM, { user_id: "late", faction_id: "empire" }));
  await tick();
  expect((await reading).map(short)).toEqual([
    "candidate late accepted",
    expect.stringMatching(/^candidate late applied \d+$/),
  ]);
});

test("a cursor that is none of ours is refused", async () => {
  for (const after of ["1", "x", "LTEuMC4wLjAuMA"]) {
    const { status } = await api.call("GET", `${REALM}/decisions?after=${after}`);
    expect([after, status]).toEqual([after, 400]);
  }
});

test("an open reader doesn't hold up the end of the process, and goes on with the next one", async () => {
  const [first] = await read("after=0", 1);
  const answer = await fetch(`${api.url}/internal/world/${REALM}/decisions?after=${first!.cursor}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const ended = answer.text().catch(() => "cut off");
  await api.restart();
  await ended;
  expect(await read(`after=${first!.cursor}`, 5)).toHaveLength(5);
});
