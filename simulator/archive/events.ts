/**
 * world_events from VALID and EVENTS: a row per body, in stream order. Postgres takes the frames apart, so a body is parsed
 * once, there: 38 000 rows/s through one connection, where rows made here reached 24 000 and cost seven times the CPU.
 */

import { sha256 } from "../../shared/canonical.ts";
import { bodiesOf, textOf } from "../../shared/codec.ts";
import type { DecidedCommand, RealmStatus } from "../../shared/contracts/command.ts";
import type { Log } from "../../shared/log.ts";
import type { Input } from "../../shared/reader.ts";
import { eventsStream, subjects, validStream } from "../../shared/subjects.ts";
import { refusesData, type Transaction } from "./database.ts";
import type { Archiving, Fold, Followed } from "./follow.ts";
import { storable, storableText } from "./storable.ts";

/** Consecutive bodies of one message: JSON text of an array, the first of them at `first` in the frame. */
type Frame = { seq: number; at: string; first: number; text: string };

/** A statement's frames, in bytes: far below the 256 MB that `jsonb` takes, and 5 000 decisions fit. */
const MAX_STATEMENT_BYTES = 8 * 1024 * 1024;
const HEAD_CHARS = 1_024;

const COLUMNS = `realm_id, stream, stream_seq, frame_index, id, source_type, source_id, event_type, payload_json,
  weight, validity_status, reason, created_at`;
const BODIES = `jsonb_to_recordset($2::jsonb) AS f (seq bigint, at timestamptz, first integer, bodies jsonb),
  jsonb_array_elements(f.bodies) WITH ORDINALITY AS e (body, n)`;

/**
 * Decisions have an `event_id`, a user and a verdict, commands a `command_id`, an actor and a status, markers a `tick` and the
 * stream's time as theirs.
 */
const INSERT_DECIDED = `
  INSERT INTO world_events (${COLUMNS})
  SELECT $1, 'EVENTS', f.seq, f.first + e.n - 1, coalesce(b.event_id, b.command_id, 'tick-' || b.tick),
    coalesce(b.actor ->> 'type', CASE WHEN b.tick IS NULL THEN 'player' ELSE 'system' END),
    coalesce(b.user_id, b.actor ->> 'id'), CASE WHEN b.tick IS NULL THEN coalesce(b.event_type, b.kind) ELSE 'tick' END,
    e.body, coalesce(b.normalized_points, 0),
    coalesce(b.validity_status, CASE b.status WHEN 'refused' THEN 'rejected' ELSE 'accepted' END),
    b.reason, CASE WHEN b.tick IS NULL THEN b.received_at ELSE f.at END
  FROM ${BODIES}, jsonb_to_record(e.body) AS b (
    event_id text, command_id text, tick integer, actor jsonb, user_id text, event_type text, kind text, normalized_points bigint,
    validity_status text, status text, reason text, received_at timestamptz)
  ON CONFLICT DO NOTHING`;

/** What ingest refused: nobody knows whose it was, only what it was taken for. */
const INSERT_REFUSED = `
  INSERT INTO world_events (${COLUMNS})
  SELECT $1, 'VALID', f.seq, f.first + e.n - 1, 'raw-' || b.source_seq,
    CASE b.kind WHEN 'candidate' THEN 'player' ELSE 'system' END, NULL, b.kind, e.body, 0, 'rejected',
    b.reason, b.received_at
  FROM ${BODIES}, jsonb_to_record(e.body) AS b (kind text, reason text, received_at timestamptz, source_seq bigint)
  ON CONFLICT DO NOTHING`;

/** A body that isn't what the contracts say still leaves a row, with what can be said of it. */
const INSERT_UNREADABLE = `
  INSERT INTO world_events (${COLUMNS})
  VALUES ($1, $2, $3, $4, $5, 'system', NULL, 'unreadable', $6, 0, 'rejected', 'unreadable', $7)
  ON CONFLICT DO NOTHING`;

/** `impact.rejected`: what ingest could not let through. */
export const rejections = (realm: string): Followed => ({
  stream: validStream(realm),
  subjects: [subjects.ingestRejected(realm)],
  open: async (archiving) => eventsFold(archiving, { stream: "VALID", insert: INSERT_REFUSED }),
});

/** Decisions, commands and tick markers. A command that sets the realm's status sets it in `realms`. */
export const decisions = (realm: string): Followed => ({
  stream: eventsStream(realm),
  subjects: [
    subjects.accepted(realm),
    subjects.quarantined(realm),
    subjects.rejected(realm),
    subjects.command(realm),
    subjects.tickMarker(realm),
  ],
  open: async (archiving) => eventsFold(archiving, { stream: "EVENTS", insert: INSERT_DECIDED }),
});

type Table = { stream: "VALID" | "EVENTS"; insert: string };

function eventsFold({ realm, log, commit }: Archiving, table: Table): Fold {
  return {
    async take(messages) {
      for (const part of partsOf(messages)) {
        const frames = part.map((message) => frameOf(message, realm));
        const status = lastStatus(part, realm);
        await commit(part.at(-1)!.seq, async (transaction) => {
          await insertFrames(transaction, realm, table, frames, log);
          if (status !== undefined)
            await transaction.query("UPDATE realms SET status = $2 WHERE realm_id = $1", [realm, status]);
        });
      }
    },
    close: async () => {},
  };
}

/** A marker is a body alone, not a frame. */
const frameOf = ({ subject, seq, atMs, data }: Input, realm: string): Frame => ({
  seq,
  at: new Date(atMs).toISOString(),
  first: 0,
  text: subject === subjects.tickMarker(realm) ? `[${textOf(data)}]` : textOf(data),
});

/** The messages in order, cut where a statement would grow too large. */
function* partsOf(messages: Input[]): Generator<Input[]> {
  let part: Input[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (part.length > 0 && bytes + message.data.length > MAX_STATEMENT_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(message);
    bytes += message.data.length;
  }
  if (part.length > 0) yield part;
}

/**
 * Inserts all bodies. Where Postgres refuses the values, it halves until the body that is to blame stands alone, and stores
 * a row about it instead: poison never blocks.
 */
async function insertFrames(
  transaction: Transaction,
  realm: string,
  table: Table,
  frames: Frame[],
  log: Log,
): Promise<void> {
  await transaction.query("SAVEPOINT frames");
  try {
    const text = frames.map(
      ({ seq, at, first, text }) => `{"seq":${seq},"at":"${at}","first":${first},"bodies":${storable(text)}}`,
    );
    await transaction.query({
      name: `insert ${table.stream}`,
      text: table.insert,
      values: [realm, `[${text.join(",")}]`],
    });
    await transaction.query("RELEASE SAVEPOINT frames");
  } catch (error) {
    if (!(refusesData(error) || error instanceof SyntaxError || error instanceof RangeError)) throw error;
    await transaction.query("ROLLBACK TO SAVEPOINT frames");
    const parts = halves(frames);
    for (const part of parts) await insertFrames(transaction, realm, table, part, log);
    if (parts.length === 0) await insertUnreadable(transaction, realm, table, frames[0]!, error, log);
  }
}

/** Two parts of the frames, or of the bodies of a single one; none where it can't be parted. */
function halves(frames: Frame[]): Frame[][] {
  const middle = Math.ceil(frames.length / 2);
  if (frames.length > 1) return [frames.slice(0, middle), frames.slice(middle)];
  const { text, ...place } = frames[0]!;
  try {
    const bodies: unknown = JSON.parse(text);
    if (!Array.isArray(bodies) || bodies.length < 2) return [];
    return bodies
      .map((body, i) => ({ ...place, first: place.first + i, text: JSON.stringify([body]) }))
      .map((frame) => [frame]);
  } catch {
    return [];
  }
}

async function insertUnreadable(
  transaction: Transaction,
  realm: string,
  { stream }: Table,
  { seq, at, first, text }: Frame,
  error: unknown,
  log: Log,
): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  log.error({ seq, index: first, reason }, "a body is not what its contract says; its beginning is archived");
  const payload = {
    sha256: sha256(text),
    head: storableText(text.slice(0, HEAD_CHARS)),
    error: storableText(reason),
  };
  const id = `unreadable-${seq}-${first}`;
  await transaction.query(INSERT_UNREADABLE, [realm, stream, seq, first, id, JSON.stringify(payload), at]);
}

/** The status that the last `realm.status` command among these messages gave the realm. */
function lastStatus(messages: Input[], realm: string): RealmStatus | undefined {
  let status: RealmStatus | undefined;
  for (const { subject, data } of messages) {
    if (subject !== subjects.command(realm)) continue;
    for (const command of commandsIn(data))
      if (command.kind === "realm.status" && command.status !== "refused") status = command.payload.status;
  }
  return status;
}

function commandsIn(data: Uint8Array): DecidedCommand[] {
  try {
    return bodiesOf<DecidedCommand>(data);
  } catch {
    return []; // Not a frame: it becomes a row that says so.
  }
}
