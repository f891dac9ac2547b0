/**
 * Rebuild: the archive made anew from the streams, in a schema of its own, while the old one serves and is written; then it
 * takes the old one's place in one transaction. A crash before that leaves the old one, and the next rebuild starts clean.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../../shared/process/log.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { lastOf, streamEnds } from "../../../shared/stream/last-message.ts";
import { kvSubject } from "../../../shared/stream/topology.ts";
import { BlockedStreams } from "../blocked-streams.ts";
import { openDatabase, type Transaction } from "../database/database.ts";
import { assertUpToDate, migrate } from "../database/migrate.ts";
import { archiveRealm } from "../realms.ts";
import { copyIndexes, foreignShape, notKept } from "./additions.ts";
import { foreignDependents } from "./dependents.ts";
import {
  dropTables,
  holdAll,
  holdStill,
  isHeld,
  liveRealms,
  type Places,
  placesIn,
  readersOf,
  SCHEMAS,
  swap,
} from "./swap.ts";

/** The archive stays as it is. The message is one sentence that says what is wrong and what to do. */
class RebuildRefused extends Error {}

export type RebuildOptions = {
  /** Of the tables' owner. */
  url: string;
  bus: Bus;
  log: Log;
  signal: AbortSignal;
  /** What the archive has beyond the streams, or of other streams, is given up. */
  discard?: boolean;
  /** The old archive stays, in the schema that is answered, until the next rebuild puts another one there. */
  keep?: boolean;
  /** How long readers that hold on to the old tables are waited for, ms. */
  patienceMs?: number;
  /** Called with how far it is, in messages. */
  progress?: (archived: number, of: number) => void;
  /** Called when all is ready and the old archive still serves. */
  beforeSwap?: () => Promise<void>;
};

export type Rebuilt = {
  /** The schema of the old archive, when it is kept. */
  before?: string;
  /** Indexes of operators that were made on the new tables. */
  indexes: string[];
  /** What the old tables had and the new ones haven't, a phrase each. */
  notKept: string[];
};

/** Any number, as long as it is the same everywhere: one rebuild at a time. */
const LOCK = 6_051_733;
const LOOK_MS = 200;
/** The new archive catches up within this time, or the rebuild fails; meanwhile no process writes to the old one. */
const ABREAST_MS = 60_000;
/** Readers come and go; while the swap waits for those that are there, others wait behind it. */
const HOLD_MS = 2_000;
const PATIENCE_MS = 60_000;
/** Of each connection that archives into the new tables; its role's own bounds are those of a migration. */
const SETTINGS = {
  statement_timeout: "60s",
  lock_timeout: "10s",
  idle_in_transaction_session_timeout: "60s",
};

/** Rebuilds and swaps. Throws `RebuildRefused`, `MigrationError`, or what failed: then the old archive serves. */
export async function rebuild(options: RebuildOptions): Promise<Rebuilt> {
  const { url, log } = options;
  const pool = openDatabase(url, { log, name: "rebuild", max: 1 });
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock($1) AS mine", [LOCK]);
    if (!rows[0]!.mine) throw new RebuildRefused("another rebuild of this archive runs: wait for it");
    await assertUpToDate(client);
    await assertOwner(client);
    await assertFree(client);
    await dropTables(client, SCHEMAS.next);
    const realms = await rebuildable(client, options);
    try {
      return await build(client, realms, options);
    } catch (error) {
      // Best effort, with whatever error there is to tell: the next rebuild begins by dropping what is left.
      await client
        .query("ROLLBACK")
        .then(() => dropTables(client, SCHEMAS.next))
        .catch(() => {});
      throw error;
    }
  } finally {
    // Given back at once: a connection that is closed holds its lock until the server has noticed.
    await client.query("ROLLBACK; SELECT pg_advisory_unlock_all()").catch(() => {});
    client.release(true);
    await pool.end();
  }
}

async function assertOwner(client: Transaction): Promise<void> {
  const { rows } = await client.query<{ role: string; owner: string; mine: boolean }>(
    `SELECT current_user AS role, pg_get_userbyid(relowner) AS owner, pg_has_role(relowner, 'USAGE') AS mine
      FROM pg_class WHERE oid = to_regclass($1)`,
    [`${SCHEMAS.live}.archive_positions`],
  );
  const { role, owner, mine } = rows[0]!;
  if (!mine)
    throw new RebuildRefused(
      `the archive's tables belong to ${owner}, not to ${role}: run it with DATABASE_MIGRATE_URL`,
    );
}

/** Throws `RebuildRefused` where something of others is tied to the tables that would be replaced or dropped. */
async function assertFree(client: Transaction): Promise<void> {
  for (const schema of [SCHEMAS.live, SCHEMAS.before]) {
    const foreign = await foreignDependents(client, schema);
    if (foreign.length > 0)
      throw new RebuildRefused(
        `others depend on the tables in ${schema}, which a rebuild replaces: ${foreign.join("; ")}. ` +
          "Drop them and make them again afterwards, or build them on the views in amoi_read, which stay",
      );
  }
}

/** The same where the tables have columns or constraints of others. */
async function assertSameShape(client: Transaction): Promise<void> {
  const foreign = await foreignShape(client, SCHEMAS.live, SCHEMAS.next);
  if (foreign.length > 0)
    throw new RebuildRefused(
      `the streams know nothing of what was added to the archive's tables: ${foreign.join("; ")}. ` +
        "Drop it, and keep such data in tables of another schema",
    );
}

/** Realms to rebuild. Throws `RebuildRefused` where the streams hold less than the archive does. */
async function rebuildable(client: Transaction, { bus, discard = false }: RebuildOptions): Promise<string[]> {
  const remedy = "restore it, or give it up with --discard";
  const known: string[] = [];
  for (const realm of await liveRealms(client)) {
    const entry = await lastOf(bus, "KV_realms", kvSubject("realms", realm));
    if (entry !== undefined) known.push(realm);
    else if (!discard)
      throw new RebuildRefused(`the archive holds ${realm}, which is no longer in NATS: ${remedy}`);
  }
  if (discard) return known;
  for (const { stream, created, through } of await placesIn(client, SCHEMAS.live)) {
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

async function build(client: Transaction, realms: string[], options: RebuildOptions): Promise<Rebuilt> {
  const { url, bus, log, signal, discard = false, keep = false, progress, beforeSwap } = options;
  const database = openDatabase(url, { log, schema: SCHEMAS.next, name: "rebuild", settings: SETTINGS });
  const troubles = new BlockedStreams();
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
        (await placesIn(client, SCHEMAS.next)).map(({ stream, through }) => [stream, through]),
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
    await migrate(database, { schema: SCHEMAS.next });
    await assertSameShape(client);
    for (const realm of realms) start(realm);
    const live = async () =>
      (await placesIn(client, SCHEMAS.live)).filter(({ realm }) => !discard || realms.includes(realm));
    const ends = await Promise.all(
      (await live()).map(async (place) => ({
        ...place,
        through: (await streamEnds(bus, place.stream)).lastSeq,
      })),
    );
    await reach(async () => ends, signal);
    // Of the tables as they are now; what is archived meanwhile waits for it.
    const indexes = await copyIndexes(client, SCHEMAS.live, SCHEMAS.next);
    await beforeSwap?.();
    await holdSwappable(client, options.patienceMs ?? PATIENCE_MS, async () => {
      if (!discard) await reach(live, AbortSignal.any([signal, AbortSignal.timeout(ABREAST_MS)]));
    });
    await stopped();
    await assertFree(client);
    const lost = await notKept(client, SCHEMAS.live);
    await swap(client, keep);
    await commit(client, options);
    return { indexes, notKept: lost, ...(keep ? { before: SCHEMAS.before } : {}) };
  } finally {
    await stopped();
    await database.end();
  }
}

/**
 * Begins a transaction in which no process archives and, after `caughtUp`, none reads. Readers that don't let go within the patience are
 * named in `RebuildRefused`; between the tries everybody goes on.
 */
async function holdSwappable(
  client: Transaction,
  patienceMs: number,
  caughtUp: () => Promise<void>,
): Promise<void> {
  for (const deadline = performance.now() + patienceMs; ; ) {
    await client.query("BEGIN");
    await client.query(`SET LOCAL lock_timeout = ${HOLD_MS}`);
    try {
      await holdStill(client);
      await caughtUp();
      await holdAll(client);
      return;
    } catch (error) {
      await client.query("ROLLBACK");
      if (!isHeld(error)) throw error;
    }
    if (performance.now() > deadline) {
      const readers = await readersOf(client);
      throw new RebuildRefused(
        `the old archive serves on: its tables can't be replaced while a transaction holds them: ` +
          `${readers.join("; ") || "none that can be seen now"}. End it, and run the rebuild again`,
      );
    }
    await delay(LOOK_MS);
  }
}

/** Commits the swap. Where the answer is lost, looks what became of it. */
async function commit(client: Transaction, { url, log }: RebuildOptions): Promise<void> {
  try {
    await client.query("COMMIT");
  } catch (error) {
    const pool = openDatabase(url, { log, name: "rebuild", max: 1 });
    try {
      const { rows } = await pool.query<{ swapped: boolean }>("SELECT to_regclass($1) IS NULL AS swapped", [
        `${SCHEMAS.next}.archive_positions`,
      ]);
      if (!rows[0]!.swapped) throw error;
    } finally {
      await pool.end();
    }
  }
}
