/** Positions: how far a stream is archived. They move in the transaction that archives, so every row is there once. */

import { crashPoint } from "../../../shared/process/crash.ts";
import { RealmRefused } from "../../../shared/stage/refusal.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { Superseded } from "../../../shared/stream/fence.ts";
import { streamEnds } from "../../../shared/stream/last-message.ts";
import { type Database, inTransaction, type Transaction } from "./database.ts";

/** `through`: last archived sequence of the stream that was created at `created`. */
export type Position = { realm: string; stream: string; created: string; through: number };

/** What is archived and what the streams say contradict each other: going on would skip, repeat or lie. */
export class ArchiveRefused extends RealmRefused {}

const REBUILD = "run npm run archive:rebuild";
/** What an operator can do where Postgres has what the stream hasn't. */
export const RESTORE = `restore the stream as it was, or give up what only Postgres has and ${REBUILD} -- --discard`;

/** Reads a position and holds it against the stream. Throws `ArchiveRefused` where one can't follow the other. */
export async function readPosition(
  database: Database,
  bus: Bus,
  realm: string,
  stream: string,
): Promise<Position> {
  const { rows } = await database
    .query<{ created: string; through: number }>(
      "SELECT created, through FROM archive_positions WHERE realm_id = $1 AND stream = $2",
      [realm, stream],
    )
    .catch(says("Postgres"));
  const row = rows[0];
  if (row === undefined)
    throw new ArchiveRefused(
      `Postgres holds no position for ${stream}, so the archive is not whole: restore it from a backup, or ${REBUILD}`,
    );
  const { created, through } = row;
  const ends = await streamEnds(bus, stream).catch(says("NATS"));
  if (ends.created !== created)
    throw new ArchiveRefused(
      `${stream} was created at ${ends.created}, but the archive counts in the one of ${created}: ${RESTORE}`,
    );
  if (through > ends.lastSeq)
    throw new ArchiveRefused(
      `${stream} ends at ${ends.lastSeq}, but is archived up to ${through}, so it lost its end: ${RESTORE}`,
    );
  if (ends.firstSeq > through + 1)
    throw new ArchiveRefused(
      `${stream} starts at ${ends.firstSeq}, but is archived up to ${through}: what lies between is missing, ` +
        "restore the stream or a newer backup of Postgres",
    );
  return { realm, stream, created, through };
}

/** Names whose failure it is: this is what an operator reads for as long as it lasts. */
const says = (who: string) => (error: unknown) => {
  throw new Error(`${who} says: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
};

/**
 * Runs `write` and moves the position, together or not at all; answers the new position. The position is moved first: its
 * row is locked from there on, so of two archives that hold the same place one writes.
 * Throws `Superseded` when the position is elsewhere.
 */
export async function archive(
  database: Database,
  from: Position,
  through: number,
  write: (transaction: Transaction) => Promise<void>,
): Promise<Position> {
  const { realm, stream, created } = from;
  await inTransaction(database, async (transaction) => {
    const { rowCount } = await transaction.query({
      name: "move position",
      text: `UPDATE archive_positions SET through = $5, updated_at = now()
        WHERE realm_id = $1 AND stream = $2 AND created = $3 AND through = $4`,
      values: [realm, stream, created, from.through, through],
    });
    if (rowCount !== 1) throw new Superseded(`${stream} is no longer archived up to ${from.through}`);
    await write(transaction);
    crashPoint("before_archive");
  });
  crashPoint("after_archive");
  return { ...from, through };
}
