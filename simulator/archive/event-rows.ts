/** Messages of VALID and EVENTS as rows of `world_events`: a row per body, in stream order. */

import { sha256 } from "../../shared/canonical.ts";
import { textOf } from "../../shared/codec.ts";
import type { Input } from "../../shared/reader.ts";
import { subjects } from "../../shared/subjects.ts";
import { integer, json, line, scannedText, text } from "./copy.ts";
import { placesOf, type Scanned, scanFrame } from "./scan.ts";
import { isStorable, storable, storableText } from "./storable.ts";

export const COLUMNS = `realm_id, stream, stream_seq, frame_index, id, source_type, source_id, event_type, payload_json,
  weight, validity_status, reason, created_at`;

/** A body on its way into the table. */
export type Row = {
  place: Place;
  /** Its JSON text; that of its frame where it has none. */
  payload: string;
  line: string;
  /** It says only that a body could not be read. */
  unreadable?: true;
};
type Place = {
  realm: string;
  stream: "VALID" | "EVENTS";
  seq: number;
  index: number;
  /** The stream's time, RFC 3339. */
  at: string;
};

/** What the columns are made of: fields of any body, none of them certain. */
type Body = Record<string, unknown>;

/** Rows of a message. What can't be read is a row that says so. */
export function rowsOf(realm: string, stream: Place["stream"], message: Input): Row[] {
  const { subject, seq, atMs, data } = message;
  const at = new Date(atMs).toISOString();
  const place = (index: number): Place => ({ realm, stream, seq, index, at });
  const frame = textOf(data);
  if (!unscanned(realm, subject)) {
    const scanned = isStorable(frame) ? scanFrame(frame, DECISION_FIELDS) : undefined;
    if (scanned !== undefined) return scanned.map((body, index) => decisionRow(place(index), body));
  }
  let bodies: unknown;
  try {
    bodies = JSON.parse(storable(frame));
    if (isSingle(realm, subject)) bodies = [bodies];
    if (!Array.isArray(bodies)) throw new Error("a frame must be a JSON array");
  } catch (error) {
    return [unreadable({ place: place(0), payload: frame, line: "" }, error)];
  }
  const columns = columnsOf(realm, subject);
  return bodies.map((body: Body, index) => {
    const row: Row = { place: place(index), payload: frame, line: "" };
    try {
      row.payload = JSON.stringify(body);
      return { ...row, line: columns(row.place, body, row.payload) };
    } catch (error) {
      return unreadable(row, error); // Nested deeper than any contract allows.
    }
  });
}

/** A row about a body that isn't what the contracts say: it keeps what can be said of it. */
export function unreadable({ place, payload }: Row, error: unknown): Row {
  const reason = error instanceof Error ? error.message : String(error);
  const about = JSON.stringify({
    sha256: sha256(payload),
    head: storableText(payload.slice(0, HEAD_CHARS)),
    error: storableText(reason),
  });
  const columns = {
    id: `unreadable-${place.seq}-${place.index}`,
    sourceType: "system",
    eventType: "unreadable",
    status: "rejected",
    reason: "unreadable",
    at: place.at,
  };
  return { place, payload, line: lineOf(place, columns, about), unreadable: true };
}

const HEAD_CHARS = 1_024;

type Columns = Record<"id" | "sourceType" | "eventType" | "status" | "at", unknown> & {
  sourceId?: unknown;
  weight?: unknown;
  reason?: unknown;
};

const lineOf = (place: Place, columns: Columns, payload: string): string =>
  line(
    place.realm,
    place.stream,
    `${place.seq}`,
    `${place.index}`,
    text(columns.id),
    text(columns.sourceType),
    text(columns.sourceId),
    text(columns.eventType),
    json(payload),
    integer(columns.weight ?? 0),
    text(columns.status),
    text(columns.reason),
    text(columns.at),
  );

type LineOf = (place: Place, body: Body, payload: string) => string;

function columnsOf(realm: string, subject: string): LineOf {
  switch (subject) {
    case subjects.tickMarker(realm):
      return markerLine("tick");
    case subjects.handover(realm):
      return markerLine("handover");
    case subjects.command(realm):
      return commandLine;
    case subjects.ingestRejected(realm):
      return refusedLine;
    default:
      return decisionLine;
  }
}

/** Subjects whose messages are no frames. */
const isSingle = (realm: string, subject: string): boolean =>
  subject === subjects.tickMarker(realm) || subject === subjects.handover(realm);

/** Subjects of few bodies, or of such as are no frames. */
const unscanned = (realm: string, subject: string): boolean =>
  isSingle(realm, subject) ||
  subject === subjects.command(realm) ||
  subject === subjects.ingestRejected(realm);

const DECISION_FIELDS = placesOf(
  "event_id",
  "user_id",
  "event_type",
  "normalized_points",
  "validity_status",
  "reason",
  "received_at",
);

/** What `decisionLine` makes of a parsed body. */
function decisionRow(place: Place, { text: payload, fields }: Scanned): Row {
  const [id, user, type, points, status, reason, at] = fields;
  const made = line(
    place.realm,
    place.stream,
    `${place.seq}`,
    `${place.index}`,
    scannedText(id),
    "player",
    scannedText(user),
    scannedText(type),
    json(payload),
    points ?? "0",
    scannedText(status),
    scannedText(reason),
    scannedText(at),
  );
  return { place, payload, line: made };
}

const decisionLine: LineOf = (place, body, payload) =>
  lineOf(
    place,
    {
      id: body.event_id,
      sourceType: "player",
      sourceId: body.user_id,
      eventType: body.event_type,
      weight: body.normalized_points,
      status: body.validity_status,
      reason: body.reason,
      at: body.received_at,
    },
    payload,
  );

const commandLine: LineOf = (place, body, payload) => {
  const actor = (body.actor ?? {}) as Body;
  const status = body.status === "refused" ? "rejected" : "accepted";
  const { command_id: id, kind: eventType, reason, received_at: at } = body;
  return lineOf(
    place,
    { id, sourceType: actor.type, sourceId: actor.id, eventType, status, reason, at },
    payload,
  );
};

/** Its stream time is the tick's. */
const markerLine =
  (eventType: "tick" | "handover"): LineOf =>
  (place, body, payload) =>
    lineOf(
      place,
      {
        id:
          typeof body.tick === "number"
            ? `tick-${body.tick}`
            : eventType === "handover"
              ? `handover-${place.seq}`
              : undefined,
        sourceType: "system",
        eventType,
        status: "accepted",
        at: place.at,
      },
      payload,
    );

/** What ingest refused: nobody knows whose it was, only what it was taken for. */
const refusedLine: LineOf = (place, body, payload) =>
  lineOf(
    place,
    {
      id: typeof body.source_seq === "number" ? `raw-${body.source_seq}` : undefined,
      sourceType: body.kind === "candidate" ? "player" : "system",
      eventType: body.kind,
      status: "rejected",
      reason: body.reason,
      at: body.received_at,
    },
    payload,
  );
