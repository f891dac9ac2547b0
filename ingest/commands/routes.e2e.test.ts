import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { type Running, runStages, until } from "../../ops/testing/realm.ts";
import { MAX_PLAYER_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import type { SettledCommandsPart } from "../../shared/contracts/settled-command.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";

const REALM = "ends";
let api: TestApi;
const running: Running[] = [];

beforeAll(async () => {
  api = await testApi(REALM);
});
afterAll(async () => {
  for (const stage of running) await stage.stop();
  await api.close();
});

let keys = 0;
const player = (id: string) => ({ type: "player", id });
/** Answers the Location of the 202, without its prefix. */
async function send(kind: string, payload: object, more: object = {}): Promise<string> {
  const body = { v: 1, idempotency_key: `command-key-${++keys}`, realm_id: REALM, kind, payload, ...more };
  const answer = await api.post("events/ingest", body);
  expect(answer).toMatchObject({ status: 202, body: { command_id: expect.any(String) } });
  const location = answer.headers.get("location")!;
  expect(location).toBe(`/internal/world/${REALM}/commands/${answer.body.command_id}`);
  return location.replace("/internal/world/", "");
}
const read = async (path: string) => {
  const { status, body } = await api.call("GET", path);
  return { status, body };
};
const readAll = (paths: readonly string[]) => Promise.all(paths.map(read));
const waiting = { status: 200, body: { status: "waiting" } };
const start = (name: Parameters<typeof runStages>[2][number]) => {
  const stage = runStages(api.nats.bus, REALM, [name]);
  running.push(stage);
  return stage;
};
/** Waits until a stage has taken everything. */
const taken = (path: string) => until(async () => (await read(path)).body.status !== "waiting");
const tick = () => api.post("tick/run", { realm_id: REALM, idempotency_key: `tick-key-${++keys}` });

test("a command waits from its 202 until the stage that decides it, through every restart, and then has its end", async () => {
  const note = await send("resource.grant", { faction: "empire", resource: "iron", amount: 5_000 });
  const join = await send("member.join", { user: "ada", faction: "empire" }, { actor: player("ada") });
  const wrong = await send("decree", {
    text: "So be it",
    effects: [{ do: "modify", name: "yield_bp", faction: "atlantis", add: 100, ticks: 4 }],
  });
  const poor = await send("resource.spend", { faction: "empire", resource: "iron", amount: 9_000_000 });
  const decree = await send("decree", { text: "So be it", effects: [] });
  const propose = await send(
    "sovereign.propose",
    { action_type: "veil_ward", faction: "empire" },
    { actor: player("ada") },
  );
  const all = [note, join, wrong, poor, decree, propose];
  expect(await readAll(all)).toEqual(all.map(() => waiting));
  await api.restart();
  expect(await readAll(all)).toEqual(all.map(() => waiting));

  // Without a normalizer they reach VALID and no further.
  const ingest = start("ingest");
  await until(async () =>
    (await lastOf(api.nats.bus, `VALID_${REALM}`, subjects.validCommand(REALM)))
      ?.text()
      .includes("veil_ward"),
  );
  await ingest.stop();
  expect(await readAll(all)).toEqual(all.map(() => waiting));

  start("ingest");
  start("normalizer");
  await taken(wrong);
  expect(await readAll(all)).toEqual([
    waiting,
    { status: 200, body: { status: "applied" } },
    { status: 200, body: { status: "refused", reason: expect.stringContaining("atlantis") } },
    waiting,
    waiting,
    waiting,
  ]);

  start("simulator");
  expect(await tick()).toMatchObject({ status: 200, body: { tick: 1 } });
  const ends = await readAll(all);
  expect(ends.slice(3)).toEqual([
    { status: 200, body: { status: "refused", reason: "insufficient", tick: 1 } },
    { status: 200, body: { status: "applied", tick: 1 } },
    { status: 200, body: { status: "refused", reason: "no_seat", tick: 1 } },
  ]);
  expect(ends[0]).toEqual({ status: 200, body: { status: "applied", tick: 1 } });
  await api.restart();
  expect(await readAll(all)).toEqual(ends);
});

test("what WORLD says of a tick's commands is what its record names, and what its private state commits to", async () => {
  const stream = worldStream(REALM);
  const text = async (subject: string) => (await lastOf(api.nats.bus, stream, subject))!.text();
  const record = JSON.parse(await text(subjects.tick(REALM))) as TickRecord;
  const part = JSON.parse(await text(subjects.settledCommands(REALM))) as SettledCommandsPart;
  const snapshot = JSON.parse(await text(subjects.snapshot(REALM))) as { state: { private: object } };
  expect(part).toMatchObject({ realm: REALM, tick: record.tick, part: 1, parts: 1 });
  expect(part.commands).toEqual(record.commands);
  expect(snapshot.state.private).toMatchObject({ commands_hash: canonicalHash(part.commands) });
});

test("a vote, of which no record tells, has its end too", async () => {
  const command_id = "a".repeat(25);
  const votes = Array.from({ length: 3 }, (_, i) => ({
    v: 1,
    idempotency_key: `a-late-vote-${i}`,
    realm_id: REALM,
    kind: "council.vote",
    actor: player(`voter-${i}`),
    payload: { user: `voter-${i}`, faction: "empire", option: 1 },
    command_id: `${command_id}${"bcd"[i]}`,
    received_at: new Date().toISOString(),
    source_seq: 1_000_000 + i,
    status: "passed",
    council: "b".repeat(26),
    weight: 1,
  }));
  await publishOne(api.nats.bus, { subject: subjects.command(REALM), data: JSON.stringify(votes) });
  const paths = votes.map((vote) => `${REALM}/commands/${vote.command_id}`);
  expect(await readAll(paths)).toEqual(paths.map(() => waiting));
  const { body } = await tick();
  const refused = { status: "refused", reason: "no_council", tick: body.tick };
  expect(await readAll(paths)).toEqual(paths.map(() => ({ status: 200, body: refused })));
  const record = await lastOf(api.nats.bus, worldStream(REALM), subjects.tick(REALM));
  expect(record!.text()).not.toContain(command_id);
});

test("a tick.run is applied by the tick that answers it, and a change of status leaves what settles points to the next tick", async () => {
  const run = await send("tick.run", {});
  await taken(run);
  const { body } = await read(run);
  expect(body).toEqual({ status: "applied", tick: expect.any(Number) });
  const pause = await send("realm.status", { status: "maintenance" });
  await taken(pause);
  const stands = async () =>
    (await lastOf(api.nats.bus, worldStream(REALM), subjects.snapshot(REALM)))!
      .text()
      .includes('"status":"maintenance"');
  await until(stands);
  const campaign = await send("campaign.open", { id: "siege", goal: 10, min_contributors: 1, ticks: 4 });
  const grant = await send("resource.grant", { faction: "empire", resource: "iron", amount: 5_000 });
  const end = await send("realm.status", { status: "active" });
  await taken(grant);
  expect(await read(end)).toEqual({ status: 200, body: { status: "applied" } });
  const before = (await read(grant)).body.tick as number;
  expect(await read(campaign)).toMatchObject({ status: 200 });
  await tick();
  expect(await read(campaign)).toEqual({ status: 200, body: { status: "applied", tick: before + 1 } });
});

test("a command on its way is found at any moment between its 202 and its end", async () => {
  const seen = new Set<unknown>();
  for (let i = 0; i < 20; i++) {
    const path = await send("resource.spend", { faction: "empire", resource: "iron", amount: 9_000_000 });
    const asked = i % 4 === 0 ? tick() : undefined;
    for (let look = 0; look < 8; look++) {
      const { status, body } = await read(path);
      expect(status).toBe(200);
      seen.add(body.status);
    }
    await asked;
  }
  expect(seen).toEqual(new Set(["waiting", "refused"]));
});

test("the end of a key is that of its first command, however often it comes again", async () => {
  const more = { actor: player("ada"), idempotency_key: "the-same-key" };
  const first = await send("member.join", { user: "ada", faction: "empire" }, more);
  await taken(first);
  expect(await send("member.join", { user: "ada", faction: "empire" }, more)).toBe(first);
  expect(await read(first)).toEqual({ status: 200, body: { status: "applied" } });
});

test("what never was is a 404, and a command that the gate would refuse for its size has no 202", async () => {
  expect((await read(`${REALM}/commands/${"a".repeat(26)}`)).status).toBe(404);
  expect((await read(`${REALM}/commands/none`)).status).toBe(400);
  expect((await read(`elsewhere/commands/${"a".repeat(26)}`)).status).toBe(404);
  const slots = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`slot${i}`, "x".repeat(128)]));
  const claims = Array.from({ length: 64 }, () => ({ f: "holds", ...slots }));
  expect(JSON.stringify(claims).length).toBeGreaterThan(MAX_PLAYER_COMMAND_BYTES);
  const answer = await api.post("events/ingest", {
    v: 1,
    idempotency_key: "too-long-a-report",
    realm_id: REALM,
    kind: "chapter.receipt",
    actor: player("ada"),
    payload: { chapter: "12", rev: 1, ticket: "t", cites: [], claims },
  });
  expect(answer.status).toBe(413);
});
