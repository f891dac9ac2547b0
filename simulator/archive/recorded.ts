/**
 * What Postgres recorded of a realm, for when its streams are gone: the inputs of its ticks in the order of EVENTS, and the
 * records that the ticks left. `genesis` and `advance` make the same world of them again. Reads only, and as long as it
 * likes: the rows that it reads are never changed.
 */
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { Handover, type TickRecord } from "../../shared/contracts/world.ts";
import { readRuleset } from "../../shared/past/upcast.ts";
import type { Input } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import type { Database } from "./database/database.ts";

/** The archive can't tell what happened in this realm. The message is one sentence for an operator. */
export class NotRecorded extends Error {}

export type Recorded = {
  /** The realm's first ruleset and its time, of which `genesis` makes tick 0. */
  first: { ruleset: Ruleset; at: string };
  /** What an earlier engine left to this one. */
  handover?: Handover;
  /** EVENTS is recorded up to this sequence. */
  through: number;
  /** The last tick that has a record, and whose inputs are all recorded; it may lie before `through`. */
  lastTick: number;
  /** The last tick that has a record, where EVENTS is not yet archived as far as WORLD is. */
  newestTick?: number;
  /**
   * What moves the world, as `advance` takes it: bundles of accepted decisions, of decided commands, and tick markers, each
   * under its subject, sequence and stream time. Bodies have the fields of those in the stream, in another order.
   * Throws `NotRecorded` at a body that could not be archived whole.
   */
  inputs(): AsyncGenerator<Input>;
  /** Tick records from tick 0 on. Their `hash` is of their canonical form, which Postgres keeps. */
  records(): AsyncGenerator<TickRecord>;
};

/** Bodies, and records, read at once. */
const PAGE = 5_000;
const RECORDS_PAGE = 500;

/** Opens what is recorded now; what is archived later is not seen. Throws `NotRecorded` where the archive has no start. */
export async function openRecorded(database: Database, realm: string): Promise<Recorded> {
  const { rows } = await database.query<{
    through: number;
    newest: number | null;
    last: number | null;
    first: DecidedCommand | null;
    handover: unknown;
    unmarked: boolean;
  }>(
    `SELECT p.through,
        (SELECT max(tick_number) FROM world_state_snapshots WHERE realm_id = $1) AS newest,
        (SELECT max(tick_number) FROM world_state_snapshots
          WHERE realm_id = $1 AND (record_json ->> 'through_seq')::bigint <= p.through) AS last,
        (SELECT payload_json FROM world_events
          WHERE realm_id = $1 AND stream = 'EVENTS' AND stream_seq = 1 AND frame_index = 0) AS first,
        (SELECT payload_json FROM world_events
          WHERE realm_id = $1 AND stream = 'EVENTS' AND event_type = 'handover' AND stream_seq <= p.through
          ORDER BY stream_seq DESC LIMIT 1) AS handover,
        EXISTS (SELECT 1 FROM world_state_snapshots s WHERE s.realm_id = $1 AND s.tick_number = 1
          AND (s.record_json ->> 'through_seq')::bigint <= p.through
          AND NOT EXISTS (SELECT 1 FROM world_events e WHERE e.realm_id = $1 AND e.stream = 'EVENTS'
            AND e.stream_seq = (s.record_json ->> 'through_seq')::bigint)) AS unmarked
      FROM archive_positions p WHERE p.realm_id = $1 AND p.stream = $2`,
    [realm, eventsStream(realm)],
  );
  const [row] = rows;
  if (row === undefined) throw new NotRecorded(`Postgres holds nothing of ${realm}`);
  const { through, newest, last, first, handover, unmarked } = row;
  if (first?.kind !== "ruleset.set" || last === null)
    throw new NotRecorded(`Postgres holds ${realm} without its first ruleset or its tick 0: it is not whole`);
  if (unmarked)
    throw new NotRecorded(
      `Postgres holds ${realm} from before it kept tick markers: run npm run archive:rebuild while the streams are there`,
    );
  return {
    first: { ruleset: readRuleset(first.payload.ruleset), at: first.received_at },
    ...(handover === null ? {} : { handover: Handover.parse(handover) }),
    through,
    lastTick: last,
    ...(newest === last ? {} : { newestTick: newest! }),
    inputs: () => readInputs(database, realm, through),
    records: () => readRecords(database, realm, last),
  };
}

type Body = { seq: number; index: number; what: What; at: Date; body: string };
type What = "accepted" | "command" | "handover" | "tick" | "unreadable";

async function* readInputs(database: Database, realm: string, through: number): AsyncGenerator<Input> {
  let message: Body[] = [];
  let after = { seq: 0, index: 0 };
  for (;;) {
    const page = await readBodies(database, realm, after, through);
    for (const body of page) {
      if (message.length > 0 && message[0]!.seq !== body.seq) {
        yield inputOf(realm, message);
        message = [];
      }
      message.push(body);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!;
  }
  if (message.length > 0) yield inputOf(realm, message);
}

/** The stream's own time is kept of markers alone, where it is the tick's; of other rows `created_at` is `received_at`. */
async function readBodies(
  database: Database,
  realm: string,
  after: { seq: number; index: number },
  through: number,
): Promise<Body[]> {
  const { rows } = await database.query<Body>({
    name: "read bodies",
    text: `SELECT stream_seq AS seq, frame_index AS index, created_at AS at, payload_json::text AS body,
        CASE WHEN event_type IN ('unreadable', 'tick', 'handover') THEN event_type
          WHEN payload_json->'command_id' IS NOT NULL THEN 'command' ELSE 'accepted' END AS what
      FROM world_events
      WHERE realm_id = $1 AND stream = 'EVENTS' AND (stream_seq, frame_index) > ($2, $3) AND stream_seq <= $4
        AND (validity_status = 'accepted' OR event_type = 'unreadable' OR payload_json->'command_id' IS NOT NULL)
      ORDER BY stream_seq, frame_index LIMIT ${PAGE}`,
    values: [realm, after.seq, after.index, through],
  });
  return rows;
}

const encoder = new TextEncoder();

function inputOf(realm: string, message: Body[]): Input {
  const { seq, what, at } = message[0]!;
  const unreadable = message.find((body) => body.what === "unreadable");
  if (unreadable !== undefined)
    throw new NotRecorded(
      `${eventsStream(realm)} had a body at ${seq}.${unreadable.index} of which only the beginning is archived`,
    );
  const text = message.map(({ body }) => body).join(",");
  return {
    subject: SUBJECTS[what as Exclude<What, "unreadable">](realm),
    seq,
    data: encoder.encode(what === "tick" || what === "handover" ? text : `[${text}]`),
    atMs: at.getTime(),
  };
}

const SUBJECTS = {
  accepted: subjects.accepted,
  command: subjects.command,
  handover: subjects.handover,
  tick: subjects.tickMarker,
};

async function* readRecords(database: Database, realm: string, last: number): AsyncGenerator<TickRecord> {
  for (let from = 0; from <= last; from += RECORDS_PAGE) {
    const { rows } = await database.query<{ record: TickRecord }>(
      `SELECT record_json AS record FROM world_state_snapshots
        WHERE realm_id = $1 AND tick_number >= $2 AND tick_number < $3 AND tick_number <= $4 ORDER BY tick_number`,
      [realm, from, from + RECORDS_PAGE, last],
    );
    for (const { record } of rows) yield record;
  }
}
