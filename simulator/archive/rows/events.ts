/**
 * world_events from VALID and EVENTS. Rows are made here and copied into the realm's own partition: the server then spends
 * its time on the table and its indexes, and reading a body once is what both of them need anyway.
 */
import { z } from "zod";
import { RealmStatus } from "../../../shared/contracts/command.ts";
import { HandoverHead } from "../../../shared/contracts/world.ts";
import type { Log } from "../../../shared/process/log.ts";
import { metrics } from "../../../shared/process/metrics.ts";
import { ForeignMessage } from "../../../shared/stage/refusal.ts";
import { jsonOf, markerIn } from "../../../shared/stream/bodies.ts";
import type { Input } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects, validStream } from "../../../shared/stream/subjects.ts";
import { copyNew } from "../database/copy.ts";
import type { Transaction } from "../database/database.ts";
import type { Archiving, Fold, Followed } from "../follow.ts";
import { assertSameLog } from "../rebuild/same-log.ts";
import { COLUMNS, type Row, rowsOf, unreadable } from "./event-rows.ts";
import { receiptsIn, writeReceipts } from "./receipts.ts";

/** What a transaction takes, in bytes of its messages: some 10 000 decisions. */
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

/** `impact.rejected`: what ingest could not let through. */
export const rejections = (realm: string): Followed => ({
  stream: validStream(realm),
  subjects: [subjects.ingestRejected(realm)],
  open: (archiving) => openEvents(archiving, "VALID"),
});

/** Decisions, commands and tick markers. A command that sets the realm's status sets it in `realms`. */
export const decisions = (realm: string): Followed => ({
  stream: eventsStream(realm),
  subjects: [
    subjects.accepted(realm),
    subjects.quarantined(realm),
    subjects.rejected(realm),
    subjects.command(realm),
    subjects.handover(realm),
    subjects.tickMarker(realm),
  ],
  open: (archiving) => openEvents(archiving, "EVENTS"),
});

async function openEvents(archiving: Archiving, label: "VALID" | "EVENTS"): Promise<Fold> {
  await assertSameLog(archiving, label);
  return eventsFold(archiving, label, label === "EVENTS" ? await lastMarked(archiving) : 0);
}

/** The tick of the last marker that is archived; 0 before the first. */
async function lastMarked({ database, realm }: Archiving): Promise<number> {
  const { rows } = await database.query<{ tick: number }>(
    `SELECT (payload_json->>'tick')::int AS tick FROM world_events
      WHERE realm_id = $1 AND stream = 'EVENTS' AND event_type = 'tick' AND stream_seq <= (
        SELECT through FROM archive_positions WHERE realm_id = $1 AND stream = $2)
      ORDER BY stream_seq DESC LIMIT 1`,
    [realm, eventsStream(realm)],
  );
  return rows[0]?.tick ?? 0;
}

/** `marked`: the tick of the last marker before. A marker that isn't the next one is foreign. */
function eventsFold({ realm, log, commit }: Archiving, stream: "VALID" | "EVENTS", marked: number): Fold {
  const rowsOfNext = (message: Input): Row[] => {
    const rows = rowsOf(realm, stream, message);
    // What an earlier engine marked and did not play is marked again.
    if (message.subject === subjects.handover(realm))
      marked = HandoverHead.parse(jsonOf(message)).record.tick;
    if (message.subject !== subjects.tickMarker(realm)) return rows;
    const { tick } = markerIn(message, realm);
    if (tick !== marked + 1)
      throw new ForeignMessage(message, `it is the marker of tick ${tick}, not ${marked + 1}`);
    marked = tick;
    return rows;
  };
  /** While Postgres works on a part, the rows of the next one are made. */
  let committing: Promise<void> = Promise.resolve();
  const write = async (part: Input[], rows: Row[]): Promise<void> => {
    const status = lastStatus(part, rows, realm);
    const receipts = stream === "EVENTS" ? receiptsIn(rows) : [];
    await commit(part.at(-1)!.seq, async (transaction) => {
      await insertRows(transaction, realm, rows, log);
      await writeReceipts(transaction, realm, receipts);
      if (status !== undefined)
        await transaction.query("UPDATE realms SET status = $2 WHERE realm_id = $1", [realm, status]);
    });
    metrics.archivedRows.inc({ realm, table: "world_events" }, rows.length);
  };
  return {
    async take(messages) {
      for (const part of partsOf(messages)) {
        const { rows, taken, foreign } = rowsBefore(part, rowsOfNext);
        await committing;
        if (taken.length > 0) {
          committing = write(taken, rows);
          committing.catch(() => {}); // Whoever waits for it is told.
        }
        if (foreign === undefined) continue;
        await committing;
        throw foreign;
      }
    },
    settled: () => committing,
    close: async () => {
      await committing.catch(() => {});
    },
  };
}

/** Rows of the messages before the first one that the archive refuses; these are archived. */
function rowsBefore(
  part: Input[],
  rowsOfOne: (message: Input) => Row[],
): { rows: Row[]; taken: Input[]; foreign?: unknown } {
  const rows: Row[] = [];
  for (const [n, message] of part.entries())
    try {
      rows.push(...rowsOfOne(message));
    } catch (foreign) {
      return { rows, taken: part.slice(0, n), foreign };
    }
  return { rows, taken: part };
}

/** The messages in order, cut where a transaction would grow too large. */
function* partsOf(messages: Input[]): Generator<Input[]> {
  let part: Input[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (part.length > 0 && bytes + message.data.length > MAX_TRANSACTION_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += message.data.length;
  }
  if (part.length > 0) yield part;
}

/** Inserts the rows that are not there yet; a body that Postgres refuses gets a row with the error instead. */
export async function insertRows(
  transaction: Transaction,
  realm: string,
  rows: Row[],
  log: Log,
): Promise<void> {
  const target = { into: `"world_events_${realm}"`, columns: COLUMNS };
  const lines = rows.map(({ line }) => line);
  await copyNew(transaction, target, lines, (i, error) => {
    const { seq, index } = rows[i]!.place;
    log.error(
      { seq, index, reason: String(error) },
      "a body is not what its contract says; its beginning is archived",
    );
    return unreadable(rows[i]!, error).line;
  });
}

/** What is read of a command that sets the status. */
const StatusCommand = z.object({
  kind: z.literal("realm.status"),
  status: z.enum(["passed", "applied"]),
  payload: z.object({ status: RealmStatus }),
});

/** The status that the last `realm.status` command among these messages gave the realm; a command that can't be read is skipped. */
function lastStatus(messages: Input[], rows: Row[], realm: string): RealmStatus | undefined {
  const seqs = new Set(
    messages.filter(({ subject }) => subject === subjects.command(realm)).map(({ seq }) => seq),
  );
  if (seqs.size === 0) return undefined;
  let status: RealmStatus | undefined;
  for (const { place, payload, unreadable } of rows) {
    if (unreadable || !seqs.has(place.seq) || !payload.includes('"realm.status"')) continue;
    const said = StatusCommand.safeParse(JSON.parse(payload));
    if (said.success) status = said.data.payload.status;
  }
  return status;
}
