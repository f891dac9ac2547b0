import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RawClient } from "../../../broadcaster/testing/raw-client.ts";
import { CHANNELS, type Channel, MESSAGES } from "../../../shared/contracts/channels.ts";
import type { IngestRejection } from "../../../shared/contracts/decision.ts";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { asyncapi } from "../../../shared/documents/asyncapi.ts";
import { issueFeedToken } from "../../../shared/feed/feed-token.ts";
import { readEnv } from "../../../shared/process/env.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import { lastOf } from "../../../shared/stream/last-message.ts";
import {
  eventsStream,
  rawStream,
  subjects,
  validStream,
  worldStream,
} from "../../../shared/stream/subjects.ts";
import { type FullRealm, fullRealm } from "../../testing/full-realm.ts";
import { bodiesIn } from "../../testing/realm.ts";

const REALM = "told";
type Said = { subject: string; seq: number; body: unknown };
let folder: string;
let lived: FullRealm;
let pulses: unknown[];
let player: RawClient;
let latecomer: RawClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amoisekai-told-"));
  lived = await fullRealm(REALM, folder);
  pulses = [];
  lived.nats.bus.nc.subscribe(subjects.pulse(REALM), {
    callback: (_, { data }) => void pulses.push(JSON.parse(textOf(data))),
  });
  const { FEED_TOKEN_SECRET } = readEnv({});
  const token = await issueFeedToken(FEED_TOKEN_SECRET, REALM, {
    user: "freeholds-1",
    expiresMs: Date.now() + 600_000,
  });
  player = new RawClient(lived.port, `/feed/${REALM}?token=${token}`);
  latecomer = new RawClient(lived.port, `/feed/${REALM}?since=other:7`);
  await lived.live();
}, 120_000);
afterAll(async () => {
  player?.close();
  latecomer?.close();
  await lived?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Checks what the document itself says, in JSON Schema, of each message. */
const ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(asyncapi(), "asyncapi.json");
const compiled = new Map<string, ValidateFunction>();
function expectSaid(body: unknown, names: readonly string[]): string {
  const problems = names.map((name) => {
    const validate =
      compiled.get(name) ?? ajv.compile({ $ref: `asyncapi.json#/components/messages/${name}/payload` });
    compiled.set(name, validate);
    return validate(body) ? undefined : { name, errors: validate.errors, body };
  });
  const right = problems.indexOf(undefined);
  expect(right < 0 ? problems : []).toEqual([]);
  return names[right]!;
}
const channels: Channel[] = Object.values(CHANNELS);
const channelOf = (subject: string) =>
  channels.find(({ address }) =>
    new RegExp(`^${address.replace(/\{\w+\}/g, "[a-z0-9_-]+")}$`).test(subject),
  )!;

async function saidOn(stream: string): Promise<Said[]> {
  const { bus } = lived.nats;
  const { state } = await bus.jsm.streams.info(stream);
  const said: Said[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await bus.jsm.streams.getMessage(stream, { seq }).catch(() => null);
    if (message !== null)
      said.push({ subject: message.subject, seq, body: JSON.parse(textOf(message.data)) });
  }
  // What is rolled up may have moved beyond that end meanwhile.
  const { state: now } = await bus.jsm.streams.info(stream, { subjects_filter: ">" });
  for (const subject of Object.keys(now.subjects ?? {})) {
    const last = await lastOf(bus, stream, subject);
    if (last !== undefined && last.seq > state.last_seq)
      said.push({ subject, seq: last.seq, body: JSON.parse(last.text()) });
  }
  return said;
}

test("every message on every subject is what the document says of its subject, and what its schema parses", async () => {
  const heard = new Set<Channel>();
  for (const stream of [validStream(REALM), eventsStream(REALM), worldStream(REALM)])
    for (const { subject, body } of await saidOn(stream)) {
      const channel = channelOf(subject);
      heard.add(channel);
      const [name] = channel.sends!;
      expectSaid(body, [name!]);
      for (const one of channel.bundled ? (body as unknown[]) : [body])
        expect(MESSAGES[name!].parse(one)).toMatchObject(one as object);
    }
  // A pulse is in no stream, and a handover only in a realm of an earlier release: `ops/local/earlier-release.e2e.test.ts`.
  const elsewhere = [subjects.pulse("{realm}"), subjects.handover("{realm}")];
  const all = channels.filter(
    ({ server, sends, address }) => server === "nats" && sends && !elsewhere.includes(address),
  );
  expect([...heard].map(({ address }) => address).sort()).toEqual(all.map(({ address }) => address).sort());
});

test("what the gate lets through is what the document asks for", async () => {
  const { bus } = lived.nats;
  const refused = await bodiesIn<IngestRejection>(bus, validStream(REALM), "impact.rejected");
  const seqs = new Set(refused.map(({ body }) => body.source_seq));
  expect(refused.map(({ body }) => body.reason).sort()).toEqual(["not_json", "schema", "unknown_command"]);
  const { state } = await bus.jsm.streams.info(rawStream(REALM));
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await bus.jsm.streams.getMessage(rawStream(REALM), { seq });
    if (!seqs.has(seq)) expectSaid(JSON.parse(textOf(message!.data)), channelOf(message!.subject).receives!);
  }
});

test("pulses and all five kinds of frames are what the document says", async () => {
  await player.until(({ frames }) => frames.some(({ type }) => type === "notice"));
  expect(pulses.length).toBeGreaterThan(0);
  for (const pulse of pulses) expectSaid(pulse, ["Pulse"]);
  const frames = [...player.frames, ...latecomer.frames];
  const names = new Set(frames.map((frame) => expectSaid(frame, CHANNELS.feed.sends)));
  // An `alive` comes after 20 s of silence only; `broadcaster/feed/feed-client.test.ts` has some.
  const soon = CHANNELS.feed.sends.filter((name) => name !== "AliveFrame");
  expect([...names].sort()).toEqual(soon.sort());
});

test("the realm has lived: nearly every kind of happening is among them", async () => {
  const records = await bodiesIn<TickRecord>(lived.nats.bus, worldStream(REALM), "world.tick");
  const kinds = new Set(records.flatMap(({ body }) => body.events.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual([
    "action",
    "campaign",
    "capture",
    "council",
    "decree",
    "effect_end",
    "effect_start",
    "flip",
    "refused",
    "resource",
    "ruleset",
    "season",
    "status",
    "trigger",
  ]);
});
