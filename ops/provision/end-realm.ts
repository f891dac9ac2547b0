/**
 * Ends a realm: takes no more, waits until everything that was taken is judged, ticked and archived, and then removes its streams
 * and keys. Its entry stays, so that its id is never used again. Each step may be repeated, so a call that is broken off at any
 * point is taken up by the next one.
 */
import { type Bus, lastOf, lastOfEach, publishOne, streamEnds } from "../../shared/bus.ts";
import { Position } from "../../shared/contracts/position.ts";
import type { Ending } from "../../shared/contracts/provisioning.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { ProvisionError } from "../../shared/provision.ts";
import { ArchivedThrough, archivedKey, RealmEntry } from "../../shared/realm-entries.ts";
import {
  commandMsgId,
  eventsStream,
  rawStream,
  subjects,
  validStream,
  worldStream,
} from "../../shared/subjects.ts";
import { type Bucket, kvSubject } from "../../shared/topology.ts";

/** Keys of a realm in the buckets of all realms: its own and those below it. */
const KEYS: Partial<Record<Bucket, (realm: string) => string[]>> = {
  caps: (realm) => [`${realm}.>`],
  world: (realm) => [realm, `${realm}.>`],
  rulesets: (realm) => [`${realm}.>`],
  // What the archive said of the realm while it ended.
  workers: (realm) => [archivedKey(realm)],
};

/**
 * Goes as far as it can now. `confirm`: the realm's name. Throws `ProvisionError` where there is no such realm or the name is
 * another; everything else that fails may be asked again.
 */
export async function endRealm(bus: Bus, realm: string, confirm: string): Promise<Ending> {
  const entry = await readEntry(bus, realm);
  if (entry.entry.name !== confirm)
    throw new ProvisionError(`realm ${realm} is not named ${confirm}: nothing was changed`, 400);
  if (entry.entry.state === "ended") return { state: "ended" };
  if (entry.entry.state === undefined) await writeEntry(bus, { ...entry.entry, state: "ending" }, entry.seq);
  const waits_for = await close(bus, realm);
  if (waits_for !== undefined) return { state: "ending", waits_for };
  await remove(bus, realm);
  const { entry: ending, seq } = await readEntry(bus, realm);
  await writeEntry(bus, { ...ending, state: "ended", ended_at: new Date().toISOString() }, seq);
  return { state: "ended" };
}

async function readEntry(bus: Bus, realm: string): Promise<{ entry: RealmEntry; seq: number }> {
  const stored = await lastOf(bus, "KV_realms", kvSubject("realms", realm));
  if (stored === undefined) throw new ProvisionError(`there is no realm ${realm}`, 404);
  return { entry: RealmEntry.parse(JSON.parse(stored.text())), seq: stored.seq };
}

const writeEntry = (bus: Bus, entry: RealmEntry, expectedLastSubjectSeq: number) =>
  publishOne(bus, {
    subject: kvSubject("realms", entry.realm_id),
    data: JSON.stringify(entry),
    expectedLastSubjectSeq,
  });

/** Closes RAW behind a last tick, and answers what isn't through yet; undefined once everything is archived. */
async function close(bus: Bus, realm: string): Promise<string | undefined> {
  const names = [worldStream(realm), eventsStream(realm), validStream(realm), rawStream(realm)];
  const left = await present(bus, names);
  if (left.length < names.length) {
    // An earlier call was removing them, RAW last, and had closed it before.
    if (left.length === 0 || (await isClosed(bus, realm))) return undefined;
    const lost = names.filter((name) => !left.includes(name)).join(", ");
    throw new ProvisionError(
      `realm ${realm} has lost ${lost}: restore it, so that the archive can be complete`,
    );
  }
  await closeRaw(bus, realm);
  const raw = await streamEnds(bus, rawStream(realm));
  if ((await through(bus, validStream(realm), "ingest", realm)) < raw.lastSeq)
    return "ingest, which has not taken all of RAW";
  const valid = await lastSeqOf(bus, validStream(realm), [
    subjects.validCandidate(realm),
    subjects.validCommand(realm),
  ]);
  if ((await through(bus, eventsStream(realm), "normalizer", realm)) < valid)
    return "the normalizer, which has not judged all of VALID";
  if (!(await isTicked(bus, realm))) return "the simulator, which has not ticked all of EVENTS";
  return archiveGap(bus, realm);
}

/** The last message is a tick's command, so that what was accepted before it counts; after it RAW is full by its own limit. */
async function closeRaw(bus: Bus, realm: string): Promise<void> {
  if (await isClosed(bus, realm)) return;
  const { config, state } = await bus.jsm.streams.info(rawStream(realm));
  const idempotency_key = `realm.end.${realm}`;
  const actor = { type: "system", id: "provision" } as const;
  const command = { v: 1, idempotency_key, realm_id: realm, kind: "tick.run", actor, payload: {} };
  await publishOne(bus, {
    subject: subjects.rawCommand(realm),
    data: JSON.stringify(command),
    msgId: commandMsgId(actor, idempotency_key),
  });
  await bus.jsm.streams.update(rawStream(realm), { ...config, max_msgs: Math.max(1, state.messages) });
}

const isClosed = async (bus: Bus, realm: string): Promise<boolean> =>
  (await bus.jsm.streams.info(rawStream(realm))).config.max_msgs > 0;

async function through(bus: Bus, stream: string, stage: string, realm: string): Promise<number> {
  const stored = await lastOf(bus, stream, subjects.position(stage, realm));
  if (stored === undefined) throw new Error(`${stream} has no position of ${stage}`);
  return Position.parse(JSON.parse(stored.text())).through;
}

const lastSeqOf = async (bus: Bus, stream: string, names: string[]): Promise<number> =>
  (await lastOfEach(bus, stream, names)).at(-1)?.seq ?? 0;

/** Whether a tick came after everything that was judged. A realm in maintenance has none; its events stay as they were archived. */
async function isTicked(bus: Bus, realm: string): Promise<boolean> {
  const snapshot = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  if (snapshot === undefined) throw new Error(`${worldStream(realm)} has no snapshot`);
  const { state } = JSON.parse(snapshot.text()) as WorldSnapshot;
  if (state.public.status === "maintenance") return true;
  const judged = await lastSeqOf(bus, eventsStream(realm), [
    subjects.accepted(realm),
    subjects.command(realm),
  ]);
  return (await through(bus, worldStream(realm), "simulator", realm)) >= judged;
}

/** What the archive says it has of the realm, held against the ends of what it archives. */
async function archiveGap(bus: Bus, realm: string): Promise<string | undefined> {
  const stored = await lastOf(bus, "KV_workers", kvSubject("workers", archivedKey(realm)));
  const archived = stored === undefined ? {} : ArchivedThrough.parse(JSON.parse(stored.text()));
  const ends: [string, string[]][] = [
    [validStream(realm), [subjects.ingestRejected(realm)]],
    [
      eventsStream(realm),
      [subjects.accepted, subjects.quarantined, subjects.rejected, subjects.command, subjects.tickMarker].map(
        (of) => of(realm),
      ),
    ],
    [worldStream(realm), [subjects.tick(realm), subjects.delta(realm)]],
  ];
  for (const [stream, names] of ends)
    if ((archived[stream] ?? 0) < (await lastSeqOf(bus, stream, names)))
      return `the archive, which has not all of ${stream}: is it running, and Postgres with it?`;
  return undefined;
}

async function present(bus: Bus, streams: string[]): Promise<string[]> {
  const names = new Set<string>();
  for await (const name of bus.jsm.streams.names()) names.add(name);
  return streams.filter((stream) => names.has(stream));
}

/** RAW last of the streams: while it is there, a call that is repeated finds out by itself how far the one before came. */
async function remove(bus: Bus, realm: string): Promise<void> {
  const names = [worldStream(realm), eventsStream(realm), validStream(realm), rawStream(realm)];
  for (const name of await present(bus, names)) await bus.jsm.streams.delete(name);
  for (const [bucket, keys] of Object.entries(KEYS))
    for (const key of keys(realm))
      await bus.jsm.streams.purge(`KV_${bucket}`, { filter: kvSubject(bucket as Bucket, key) });
}
