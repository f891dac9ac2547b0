/**
 * Provisioning: makes buckets and a realm's streams as `topology.ts` says, and writes the first lines of each log, so that
 * every stage has a position and readers have a snapshot from the realm's first second. Repeating it changes nothing.
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import type { DecidedCommand, ValidCommand } from "../contracts/command.ts";
import type { ProblemStatus } from "../contracts/problem.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import { commandId } from "../exact/identity.ts";
import { readRuleset } from "../past/upcast.ts";
import { refreshKv } from "../past/world-entry.ts";
import type { Bus } from "../stream/bus.ts";
import { bodiesOf } from "../stream/codec.ts";
import { lastOf, streamEnds } from "../stream/last-message.ts";
import { isLostRace, publishBatch, publishOne, REFUSED, Refusal } from "../stream/publish.ts";
import { eventsStream, rawStream, subjects, validStream, worldStream } from "../stream/subjects.ts";
import {
  BUCKETS,
  type Bucket,
  bucketStream,
  kvSubject,
  realmStreams,
  type StreamSpec,
} from "../stream/topology.ts";
import { genesis } from "../world/genesis.ts";
import { RealmEntry, realmTexts, stateIn } from "./realm-entries.ts";

/** A request that only an operator can make possible. `status`: the HTTP status that fits. */
export class ProvisionError extends Error {
  readonly status: ProblemStatus;
  constructor(message: string, status: ProblemStatus = 409) {
    super(message);
    this.status = status;
  }
}

export type NewRealm = {
  realm: string;
  name: string;
  ruleset: Ruleset;
  replicas: number;
  rawMaxBytes: number;
};

/** Makes the buckets, idempotently. */
export async function provisionBuckets(bus: Bus, replicas: number): Promise<void> {
  for (const bucket of Object.keys(BUCKETS) as Bucket[]) await ensureBucket(bus, bucket, replicas);
}

/** Makes one bucket unless it is there; answers whether it did. */
export const ensureBucket = (bus: Bus, bucket: Bucket, replicas: number): Promise<boolean> =>
  ensureStream(bus, bucketStream(bucket, replicas));

/** Gives the streams of every realm that there is the subjects that the topology has by now. A realm that is ending stays as it is. */
export async function updateRealms(
  bus: Bus,
  options: { replicas: number; rawMaxBytes: number },
): Promise<void> {
  for (const { realm, text } of await realmTexts(bus)) {
    if (stateIn(text) !== "open") continue;
    for (const spec of realmStreams(realm, options)) await ensureStream(bus, spec);
  }
}

/**
 * Enters every realm whose streams are whole into KV `realms` again, where the bucket lost its entry; answers which. The name that
 * people gave a realm is in its entry alone: it goes by its id then.
 */
export async function registerRealms(bus: Bus): Promise<string[]> {
  const known = new Set((await realmTexts(bus)).map(({ realm }) => realm));
  const prefix = eventsStream("");
  const entered: string[] = [];
  for await (const stream of bus.jsm.streams.names()) {
    const realm = stream.slice(prefix.length);
    if (!stream.startsWith(prefix) || known.has(realm)) continue;
    // Provisioning writes it last but for the entry: without it, a realm is being made.
    const position = await lastOf(bus, worldStream(realm), subjects.position("simulator", realm)).catch(
      () => undefined,
    );
    if (position === undefined) continue;
    const { at } = await firstCommand(bus, realm);
    const entry: RealmEntry = { realm_id: realm, name: realm, created_at: at };
    if (await ensureKey(bus, "realms", realm, JSON.stringify(entry), () => true)) entered.push(realm);
  }
  return entered;
}

/**
 * Makes a realm, idempotently: a crash at any point is mended by the next call. Where the realm exists, its own first
 * ruleset stays and the one given here is not looked at. Answers whether this call made it.
 */
export async function provisionRealm(bus: Bus, wanted: NewRealm): Promise<{ created: boolean }> {
  await assertUsable(bus, wanted.realm);
  await provisionBuckets(bus, wanted.replicas);
  const made: string[] = [];
  try {
    for (const spec of realmStreams(wanted.realm, wanted))
      if (await ensureStream(bus, spec)) made.push(spec.name);
    return await writeRealm(bus, wanted);
  } catch (error) {
    if (!isStoreFull(error) && !(error instanceof EndedError)) throw error;
    // A half of a realm would hold what the store lacks. What another call made is that call's.
    for (const name of made) await bus.jsm.streams.delete(name);
    if (error instanceof EndedError) throw error;
    throw new ProvisionError(
      `the store of the NATS servers has no room for realm ${wanted.realm}: give it more, end realms that are not needed, or lower AMOI_RAW_MAX_BYTES`,
      507,
    );
  }
}

/** The id is of a realm that ended, or is ending: it is not used again. */
export class EndedError extends ProvisionError {
  constructor(realm: string) {
    super(`realm_ended: realm ${realm} has ended, and its id is not used again`);
  }
}

/** Throws `EndedError` where a realm of that id ended, or is ending. */
async function assertUsable(bus: Bus, realm: string): Promise<void> {
  const held = await lastOf(bus, "KV_realms", kvSubject("realms", realm)).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === REFUSED.streamNotFound) return undefined;
    throw error;
  });
  if (held !== undefined && stateIn(held.text()) !== "open") throw new EndedError(realm);
}

const isStoreFull = (error: unknown): boolean =>
  (error instanceof JetStreamApiError || error instanceof Refusal) &&
  (error.code === REFUSED.storeFull || error.code === REFUSED.storeTooSmall);

/** The first messages of a realm's streams, and its keys. */
async function writeRealm(bus: Bus, wanted: NewRealm): Promise<{ created: boolean }> {
  const { realm } = wanted;
  const firstPosition = async (stage: string, input: string, through: number) => ({
    subject: subjects.position(stage, realm),
    data: JSON.stringify({
      through,
      input_created: (await streamEnds(bus, input)).created,
      worker: "provision",
      commit_id: `genesis-${realm}`,
    }),
    rollup: true,
    expectedLastSubjectSeq: 0,
  });

  // The first ruleset goes the way of every command, and stays the first message of VALID and EVENTS: what a position
  // counts is never a position, which a rollup removes, so `first_seq` tells of a real gap.
  const command = firstRulesetCommand(realm, wanted.ruleset);
  await writeFirst(bus, validStream(realm), async () => [
    { subject: subjects.validCommand(realm), data: JSON.stringify([command]) },
    await firstPosition("ingest", rawStream(realm), 0),
  ]);
  await writeFirst(bus, eventsStream(realm), async () => {
    // A realm that had the name before may have left state that no decision of this one gives.
    await bus.jsm.streams.purge("KV_caps", { filter: kvSubject("caps", `${realm}.>`) });
    return [
      { subject: subjects.command(realm), data: JSON.stringify([await decidedFirst(bus, realm)]) },
      await firstPosition("normalizer", validStream(realm), 1),
    ];
  });
  const first = await firstCommand(bus, realm);
  const { record, snapshot } = genesis(realm, first.ruleset, first.at);
  await writeFirst(bus, worldStream(realm), async () => [
    { subject: subjects.tick(realm), data: JSON.stringify(record) },
    { subject: subjects.snapshot(realm), data: JSON.stringify(snapshot), rollup: true },
    await firstPosition("simulator", eventsStream(realm), 0),
  ]);
  await refreshKv(bus, snapshot);
  const ruleset = JSON.stringify(first.ruleset);
  await ensureKey(bus, "rulesets", `${realm}.1`, ruleset, (held) => held === ruleset);
  const entry: RealmEntry = { realm_id: realm, name: wanted.name, created_at: first.at };
  const isOurs = (held: string) => {
    // It was ended while this call was under way.
    if (stateIn(held) !== "open") throw new EndedError(realm);
    return entryIn(held)?.created_at === first.at;
  };
  return { created: await ensureKey(bus, "realms", realm, JSON.stringify(entry), isOurs) };
}

const BUCKET_LIMITS = [
  "max_age",
  "max_bytes",
  "max_msgs",
  "max_msg_size",
  "allow_atomic",
  "allow_rollup_hdrs",
  "discard",
] as const;

/** Makes a stream unless it is there; answers whether it did. One of an earlier release gets what is new about it. */
async function ensureStream(bus: Bus, spec: StreamSpec): Promise<boolean> {
  try {
    const { config, state } = await bus.jsm.streams.info(spec.name);
    const differs = (key: keyof StreamSpec) =>
      spec[key] !== undefined && (config[key] ?? false) !== spec[key];
    // A bucket is a cache: its limits may be another release's. A log's are part of what it promises.
    const isBucket = spec.name.startsWith("KV_");
    const promises = ["allow_direct", "allow_msg_ttl"] as const;
    const wrong = [
      ...promises,
      ...(isBucket ? [] : (["max_age", "allow_atomic", "allow_rollup_hdrs", "discard"] as const)),
    ].filter(differs);
    if (wrong.length > 0)
      throw new ProvisionError(
        `stream ${spec.name} exists with another ${wrong.join(", ")} than the topology's`,
      );
    // An earlier release's stream takes what has a subject of its own since; what it holds stays.
    const lacksSubject = spec.subjects.some((subject) => !config.subjects.includes(subject));
    const limits = isBucket ? BUCKET_LIMITS.filter(differs) : [];
    // A limit below what the stream holds would have the server cut it.
    const isResized =
      spec.max_bytes !== undefined && spec.max_bytes !== config.max_bytes && state.bytes < spec.max_bytes;
    if (lacksSubject || isResized || limits.length > 0)
      await bus.jsm.streams.update(spec.name, {
        ...config,
        ...(lacksSubject && { subjects: spec.subjects }),
        ...(isResized && { max_bytes: spec.max_bytes! }),
        ...Object.fromEntries(limits.map((key) => [key, spec[key]])),
      });
    return false;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== REFUSED.streamNotFound) throw error;
    await bus.jsm.streams.add(spec);
    return true;
  }
}

/** Writes the first messages of a stream unless it has some; of two callers one wins. */
async function writeFirst(
  bus: Bus,
  stream: string,
  messages: () => Promise<Parameters<typeof publishBatch>[1]>,
): Promise<void> {
  if ((await streamEnds(bus, stream)).lastSeq > 0) return;
  try {
    await publishBatch(bus, await messages());
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}

/** The command that gives a realm its first ruleset. */
function firstRulesetCommand(realm: string, ruleset: Ruleset): ValidCommand {
  const key = "genesis.ruleset";
  const actor = { type: "system", id: "provision" } as const;
  return {
    v: 1,
    idempotency_key: key,
    realm_id: realm,
    kind: "ruleset.set",
    actor,
    payload: { ruleset },
    command_id: commandId(realm, actor, key),
    received_at: new Date().toISOString(),
    source_seq: 0,
  };
}

/** The first command of VALID, decided as the normalizer would. */
async function decidedFirst(bus: Bus, realm: string): Promise<DecidedCommand> {
  const message = await bus.jsm.streams.getMessage(validStream(realm), { seq: 1 });
  const command = message && bodiesOf<ValidCommand>(message.data)[0];
  if (command?.kind !== "ruleset.set")
    throw new ProvisionError(
      `${validStream(realm)} doesn't start with the realm's first ruleset: it is not whole`,
    );
  return { ...command, status: "applied", ruleset_version: 1 };
}

/** The first ruleset of a realm and its time, as EVENTS has them. Throws where the stream doesn't start with them. */
export async function firstCommand(bus: Bus, realm: string): Promise<{ ruleset: Ruleset; at: string }> {
  const message = await bus.jsm.streams.getMessage(eventsStream(realm), { seq: 1 });
  const command = message && bodiesOf<DecidedCommand>(message.data)[0];
  if (command?.kind !== "ruleset.set")
    throw new ProvisionError(
      `${eventsStream(realm)} doesn't start with the realm's first ruleset: it is not whole`,
    );
  return { ruleset: readRuleset(command.payload.ruleset), at: command.received_at };
}

/** An entry of KV `realms`; undefined where it can't be read. */
function entryIn(held: string): RealmEntry | undefined {
  try {
    return RealmEntry.parse(JSON.parse(held));
  } catch {
    return undefined;
  }
}

/**
 * Writes a key unless it is there, and this realm's: an earlier realm of that name may have left a key. Answers whether it did.
 */
async function ensureKey(
  bus: Bus,
  bucket: Bucket,
  key: string,
  data: string,
  isOurs: (held: string) => boolean,
): Promise<boolean> {
  const subject = kvSubject(bucket, key);
  const held = await lastOf(bus, `KV_${bucket}`, subject);
  if (held !== undefined && isOurs(held.text())) return false;
  try {
    await publishOne(bus, { subject, data, expectedLastSubjectSeq: held?.seq ?? 0 });
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}
