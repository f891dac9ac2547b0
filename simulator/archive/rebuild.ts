/**
 * Rebuild: the archive made anew from the streams, in a schema of its own, while the old one serves and is written; then it
 * takes the old one's place in one transaction. A crash before that leaves the old one, and the next rebuild starts clean.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, lastOf, streamEnds } from "../../shared/bus.ts";
import type { Log } from "../../shared/log.ts";
import { kvSubject } from "../../shared/topology.ts";
import { openDatabase, type Transaction } from "./database.ts";
import { migrate } from "./migrate.ts";
import { archiveRealm } from "./realms.ts";
import {
  dropSchema,
  findSchemas,
  holdStill,
  liveRealms,
  makeSchema,
  type Places,
  placesIn,
  renameSchemas,
  type Schemas,
} from "./swap.ts";
import { Troubles } from "./troubles.ts";

/** The archive stays as it is. The message is one sentence that says what is wrong and what to do. */
export class RebuildRefused extends Error {}

export type RebuildOptions = {
  url: string;
  bus: Bus;
  log: Log;
  signal: AbortSignal;
  /** What the archive has beyond the streams, or of other streams, is given up. */
  discard?: boolean;
  /** The old archive stays, in the schema that is answered, until the next rebuild puts another one there. */
  keep?: boolean;
  /** Called with how far it is, in messages. */
  progress?: (archived: number, of: number) => void;
  /** Called when all is ready and the old archive still serves. */
  beforeSwap?: () => Promise<void>;
};

/** Any number, as long as it is the same everywhere: one rebuild at a time. */
const LOCK = 6_051_733;
const LOOK_MS = 200;
/** The new archive is abreast within seconds, or something is wrong: meanwhile nobody archives into the old one. */
const ABREAST_MS = 60_000;

/** Rebuilds and swaps; answers the schema of the old archive when it is kept. Throws `RebuildRefused`, or what failed. */
export async function rebuild(options: RebuildOptions): Promise<{ before?: string }> {
  const { url, log, keep = false } = options;
  const pool = openDatabase(url, log);
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock($1) AS mine", [LOCK]);
    if (!rows[0]!.mine) throw new RebuildRefused("another rebuild of this archive runs: wait for it");
    const schemas = await findSchemas(client);
    if (schemas === undefined)
      throw new RebuildRefused("there is no archive in this database: start the archive, it fills it");
    await dropSchema(client, schemas.next);
    const realms = await rebuildable(client, schemas, options);
    await makeSchema(client, schemas.next);
    try {
      await build(client, schemas, realms, options);
    } catch (error) {
      // Best effort, with whatever error there is to tell: the next rebuild begins by dropping what is left.
      await client
        .query("ROLLBACK")
        .then(() => dropSchema(client, schemas.next))
        .catch(() => {});
      throw error;
    }
    if (keep) return { before: schemas.before };
    await dropSchema(client, schemas.before);
    return {};
  } finally {
    client.release(true);
    await pool.end();
  }
}

/** Realms to rebuild. Throws `RebuildRefused` where the streams hold less than the archive does. */
async function rebuildable(
  client: Transaction,
  schemas: Schemas,
  { bus, discard = false }: RebuildOptions,
): Promise<string[]> {
  const remedy = "restore it, or give it up with --discard";
  const known: string[] = [];
  for (const realm of await liveRealms(client, schemas)) {
    const entry = await lastOf(bus, "KV_realms", kvSubject("realms", realm));
    if (entry !== undefined) known.push(realm);
    else if (!discard)
      throw new RebuildRefused(`the archive holds ${realm}, which is no longer in NATS: ${remedy}`);
  }
  if (discard) return known;
  for (const { stream, created, through } of await placesIn(client, schemas.live)) {
    const ends = await streamEnds(bus, stream);
    if (ends.created !== created)
      throw new RebuildRefused(
        `the archive counts in the ${stream} of ${created}, in NATS is the one of ${ends.created}: ${remedy}`,
      );
    if (ends.lastSeq < through)
      throw new RebuildRefused(
        `${stream} ends at ${ends.lastSeq}, the archive has it up to ${through}: ${remedy}`,
      );
  }
  return known;
}

async function build(
  client: Transaction,
  schemas: Schemas,
  realms: string[],
  options: RebuildOptions,
): Promise<void> {
  const { url, bus, log, signal, discard = false, progress, beforeSwap } = options;
  const database = openDatabase(url, log, schemas.next);
  const troubles = new Troubles();
  const stop = new AbortController();
  const running = new Map<string, Promise<void>>();
  const start = (realm: string) => {
    if (running.has(realm)) return;
    const either = AbortSignal.any([signal, stop.signal]);
    running.set(realm, archiveRealm(realm, { database, bus, log, troubles }, either));
  };
  const stopped = async () => {
    stop.abort(new Error("the rebuild has ended"));
    await Promise.all(running.values());
  };
  /** Waits until the new archive has reached `goal`. */
  const reach = async (goal: () => Promise<Places>, patience: AbortSignal) => {
    for (;;) {
      patience.throwIfAborted();
      for (const realm of running.keys())
        if (troubles.refused(realm) === 1) throw new RebuildRefused(`${troubles.summary()}`);
      const wanted = await goal();
      for (const { realm } of wanted) start(realm);
      const made = new Map(
        (await placesIn(client, schemas.next)).map(({ stream, through }) => [stream, through]),
      );
      let missing = 0;
      let of = 0;
      for (const { stream, through } of wanted) {
        of += through;
        missing += Math.max(0, through - (made.get(stream) ?? 0));
      }
      progress?.(of - missing, of);
      if (missing === 0 && wanted.every(({ stream }) => made.has(stream))) return;
      await delay(LOOK_MS, undefined, { signal: patience });
    }
  };
  try {
    await migrate(database);
    for (const realm of realms) start(realm);
    const live = async () =>
      (await placesIn(client, schemas.live)).filter(({ realm }) => !discard || realms.includes(realm));
    const ends = await Promise.all(
      (await live()).map(async (place) => ({
        ...place,
        through: (await streamEnds(bus, place.stream)).lastSeq,
      })),
    );
    await reach(async () => ends, signal);
    await beforeSwap?.();
    await client.query("BEGIN");
    await holdStill(client, schemas);
    if (!discard) await reach(live, AbortSignal.any([signal, AbortSignal.timeout(ABREAST_MS)]));
    await stopped();
    // One that an earlier rebuild kept makes room only now: until here this one may yet be refused.
    await dropSchema(client, schemas.before);
    await renameSchemas(client, schemas);
    await client.query("COMMIT");
  } finally {
    await stopped();
    await database.end();
  }
}
