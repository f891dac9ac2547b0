/**
 * Ends a realm: takes no more, waits until everything that was taken is judged, ticked and archived, and then removes its streams
 * and keys. Its entry stays, so that its id is never used again.
 *
 * Streams are closed by sealing them, which is for good and which the server keeps: no message is stored in them and none is
 * removed any more. Each step may be repeated, so a call that is broken off at any point is taken up by the next one.
 */
import { setTimeout as delay } from "node:timers/promises";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { Position } from "../../shared/contracts/position.ts";
import type { Ending } from "../../shared/contracts/provisioning.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { ProvisionError } from "../../shared/provision/provision.ts";
import {
  ArchivedThrough,
  archivedKey,
  RealmEntry,
  realmTexts,
  stateIn,
} from "../../shared/provision/realm-entries.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { lastOf, lastOfEach, nextOf, streamEnds } from "../../shared/stream/last-message.ts";
import { isLostRace, publishOne, REFUSED } from "../../shared/stream/publish.ts";
import { eventsStream, rawStream, subjects, validStream, worldStream } from "../../shared/stream/subjects.ts";
import { type Bucket, kvSubject } from "../../shared/stream/topology.ts";

/** Every process learns within this time that the realm has ended, and lets go of it, before its streams are gone, ms. */
const LET_GO_MS = 1_000;

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
  const { entry, seq } = await readEntry(bus, realm);
  if (entry.name !== confirm)
    throw new ProvisionError(
      `the name of realm ${realm} is not the one that confirms: nothing was changed`,
      400,
    );
  if (entry.state === undefined) {
    if (!(await writeEntry(bus, { ...entry, state: "ending" }, seq))) return endRealm(bus, realm, confirm);
    return { state: "ending", waits_for: "ingest, which has not taken all of RAW" };
  }
  if (entry.state === "ending") {
    const waits_for = await close(bus, realm);
    if (waits_for !== undefined) return { state: "ending", waits_for };
    // From here on it can't be told from the streams any more whether they were archived: the entry says so.
    const ended: RealmEntry = { ...entry, state: "ended", ended_at: new Date().toISOString() };
    if (!(await writeEntry(bus, ended, seq))) return endRealm(bus, realm, confirm);
    await delay(LET_GO_MS);
  }
  await remove(bus, realm);
  return { state: "ended" };
}

/** Removes what is left of realms that ended, where whoever removed it was broken off, or somebody wrote once more. */
export async function removeEnded(bus: Bus): Promise<void> {
  for (const { realm, text } of await realmTexts(bus))
    if (stateIn(text) === "ended") await remove(bus, realm);
}

async function readEntry(bus: Bus, realm: string): Promise<{ entry: RealmEntry; seq: number }> {
  const stored = await lastOf(bus, "KV_realms", kvSubject("realms", realm));
  if (stored === undefined) throw new ProvisionError(`there is no realm ${realm}`, 404);
  return { entry: RealmEntry.parse(JSON.parse(stored.text())), seq: stored.seq };
}

/** False where another call has written first: its entry is to be read. */
async function writeEntry(bus: Bus, entry: RealmEntry, expectedLastSubjectSeq: number): Promise<boolean> {
  try {
    const subject = kvSubject("realms", entry.realm_id);
    await publishOne(bus, { subject, data: JSON.stringify(entry), expectedLastSubjectSeq });
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}

/** Seals RAW, and EVENTS behind the last tick, and answers what isn't through yet; undefined once everything is archived. */
async function close(bus: Bus, realm: string): Promise<string | undefined> {
  const names = streamsOf(realm);
  const left = await present(bus, names);
  if (left.length < names.length) {
    const lost = names.filter((name) => !left.includes(name)).join(", ");
    throw new ProvisionError(
      `realm ${realm} has lost ${lost}: restore it, so that the archive can be complete`,
    );
  }
  await seal(bus, rawStream(realm));
  const raw = await streamEnds(bus, rawStream(realm));
  const isTaken = async () => (await through(bus, validStream(realm), "ingest", realm)) >= raw.lastSeq;
  if (!(await isTaken())) return "ingest, which has not taken all of RAW";
  const valid = await lastSeqOf(bus, validStream(realm), [
    subjects.validCandidate(realm),
    subjects.validCommand(realm),
  ]);
  if ((await through(bus, eventsStream(realm), "normalizer", realm)) < valid)
    return "the normalizer, which has not judged all of VALID";
  if (!(await isSealed(bus, eventsStream(realm)))) {
    if (!(await isTicked(bus, realm))) return "the simulator, which has not ticked all of EVENTS";
    await seal(bus, eventsStream(realm));
  }
  // A marker may have come just before.
  const marker = await lastSeqOf(bus, eventsStream(realm), [subjects.tickMarker(realm)]);
  if ((await through(bus, worldStream(realm), "simulator", realm)) < marker)
    return "the simulator, which has not run the last tick";
  const gap = await archiveGap(bus, realm);
  // What a cluster was about to store when RAW was sealed counts too.
  return gap === undefined && (await streamEnds(bus, rawStream(realm))).lastSeq !== raw.lastSeq
    ? "ingest, which has not taken all of RAW"
    : gap;
}

const streamsOf = (realm: string) => [
  rawStream(realm),
  validStream(realm),
  eventsStream(realm),
  worldStream(realm),
];

async function seal(bus: Bus, stream: string): Promise<void> {
  const { config } = await bus.jsm.streams.info(stream);
  if (config.sealed) return;
  // The client's types know no `sealed` in an update; the server does.
  const closed = { ...config, sealed: true };
  await bus.jsm.streams.update(stream, closed).catch(async (error: unknown) => {
    // Another call may have sealed it just before; of a sealed stream the server takes no change.
    if (!(await isSealed(bus, stream))) throw error;
  });
}

const isSealed = async (bus: Bus, stream: string): Promise<boolean> =>
  (await bus.jsm.streams.info(stream)).config.sealed;

async function through(bus: Bus, stream: string, stage: string, realm: string): Promise<number> {
  const stored = await lastOf(bus, stream, subjects.position(stage, realm));
  if (stored === undefined) throw new Error(`${stream} has no position of ${stage}`);
  return Position.parse(JSON.parse(stored.text())).through;
}

const lastSeqOf = async (bus: Bus, stream: string, names: string[]): Promise<number> =>
  (await lastOfEach(bus, stream, names)).at(-1)?.seq ?? 0;

/**
 * Whether a tick came after everything that was judged. The simulator of a realm that is ending ticks as soon as anything waits, but
 * in maintenance, where the world stands still: its events stay as they were archived.
 */
async function isTicked(bus: Bus, realm: string): Promise<boolean> {
  const ticked = await through(bus, worldStream(realm), "simulator", realm);
  const snapshot = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  if (snapshot === undefined) throw new Error(`${worldStream(realm)} has no snapshot`);
  const { state, waiting_from_seq } = JSON.parse(snapshot.text()) as WorldSnapshot;
  if (state.public.status === "maintenance") return !(await setsStatus(bus, realm, ticked));
  if (waiting_from_seq !== undefined) return false;
  const judged = await lastSeqOf(bus, eventsStream(realm), [
    subjects.accepted(realm),
    subjects.command(realm),
  ]);
  return ticked >= judged;
}

/** Whether a command after `seq` of EVENTS has changed the realm's status: the simulator answers it with a tick at once. */
async function setsStatus(bus: Bus, realm: string, seq: number): Promise<boolean> {
  const stream = eventsStream(realm);
  for (let at = seq + 1; ; ) {
    const message = await nextOf(bus, stream, subjects.command(realm), at);
    if (message === undefined) return false;
    const commands = bodiesOf<DecidedCommand>(message.data);
    if (commands.some(({ kind, status }) => kind === "realm.status" && status !== "refused")) return true;
    at = message.seq + 1;
  }
}

/** What the archive says it has of the realm, held against the ends of what it archives. */
async function archiveGap(bus: Bus, realm: string): Promise<string | undefined> {
  const stored = await lastOf(bus, "KV_workers", kvSubject("workers", archivedKey(realm)));
  const archived = stored === undefined ? {} : ArchivedThrough.parse(JSON.parse(stored.text()));
  const ends: [string, string[]][] = [
    [validStream(realm), [subjects.ingestRejected(realm)]],
    // Decisions of every kind, markers and handovers.
    [eventsStream(realm), [`events.*.${realm}`]],
    [worldStream(realm), [subjects.tick(realm), subjects.settledCommands(realm), subjects.delta(realm)]],
  ];
  for (const [stream, names] of ends)
    if ((archived[stream] ?? -1) < (await lastSeqOf(bus, stream, names)))
      return `the archive, which has not said that it has all of ${stream}: is it running, and Postgres with it?`;
  return undefined;
}

async function present(bus: Bus, streams: string[]): Promise<string[]> {
  const names = new Set<string>();
  for await (const name of bus.jsm.streams.names()) names.add(name);
  return streams.filter((stream) => names.has(stream));
}

/**
 * Keys last: a stage that was slow to let go has no stream to make them from any more. Two may remove at once, since a service that
 * starts takes up what one that was killed has left.
 */
async function remove(bus: Bus, realm: string): Promise<void> {
  for (const name of await present(bus, streamsOf(realm))) {
    await bus.jsm.streams.delete(name).catch((error: unknown) => {
      if (!(error instanceof JetStreamApiError) || error.code !== REFUSED.streamNotFound) throw error;
    });
  }
  for (const [bucket, keys] of Object.entries(KEYS))
    for (const key of keys(realm))
      await bus.jsm.streams.purge(`KV_${bucket}`, { filter: kvSubject(bucket as Bucket, key) });
}
