/** Messages of VALID and EVENTS as rows of `world_events`: a row per body, in stream order. WORLD has its own: `told-rows.ts`. */

import type { Decision } from "../../../shared/contracts/decision.ts";
import { sha256 } from "../../../shared/exact/canonical.ts";
import { foldOrRefuse } from "../../../shared/stage/refusal.ts";
import { decidedIn, decisionsIn, jsonOf, markerIn, rejectionsIn } from "../../../shared/stream/bodies.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import type { Input } from "../../../shared/stream/reader.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import { integer, json, line, scannedText, text } from "../database/copy.ts";
import { isPostgresJson, toPostgresJson, toPostgresText } from "../database/postgres-json.ts";
import { placesOf, type Scanned, scanBundle } from "./scan.ts";

export const COLUMNS = `realm_id, stream, stream_seq, frame_index, id, source_type, source_id, event_type, payload_json,
  weight, validity_status, reason, created_at`;

/** A body on its way into the table. */
export type Row = {
  place: MessageContext;
  /** Its JSON text. */
  payload: string;
  line: string;
  /** It says only that a body could not be read. */
  unreadable?: true;
};
export type MessageContext = {
  realm: string;
  stream: "VALID" | "EVENTS" | "WORLD";
  seq: number;
  index: number;
  /** The stream's time, RFC 3339. */
  at: string;
};

/** The fields that columns are made of; any body may lack any of them. */
type Body = Record<string, unknown>;

/** Rows of a message. Throws `ForeignMessage` where it isn't what its subject has. */
export function rowsOf(realm: string, stream: MessageContext["stream"], message: Input): Row[] {
  const { subject, seq, atMs, data } = message;
  const at = new Date(atMs).toISOString();
  const place = (index: number): MessageContext => ({ realm, stream, seq, index, at });
  const bundle = textOf(data);
  const status = statusOf(realm, subject);
  if (status !== undefined && isPostgresJson(bundle)) {
    const scanned = scanBundle(bundle, DECISION_FIELDS);
    const [ofRealm, ofStatus] = [`"${realm}"`, `"${status}"`];
    if (scanned?.every(({ fields }) => isDecision(fields, ofRealm, ofStatus)))
      return scanned.map((body, index) => decisionRow(place(index), body));
  }
  return foldOrRefuse(message, () => {
    if (status !== undefined) decisionsIn(message, realm, status);
    else if (subject === subjects.command(realm)) decidedIn(message, realm);
    else if (subject === subjects.tickMarker(realm)) markerIn(message, realm);
    else if (subject === subjects.handover(realm)) jsonOf(message);
    else rejectionsIn(message);
    const parsed = JSON.parse(toPostgresJson(bundle));
    const bodies: Body[] = isSingle(realm, subject) ? [parsed] : parsed;
    const columns = columnsOf(realm, subject);
    return bodies.map((body, index) => {
      const payload = JSON.stringify(body);
      return { place: place(index), payload, line: columns(place(index), body, payload) };
    });
  });
}

/** The verdict of the decisions on a subject; of few and small bodies, or of such as are no bundles, there is none. */
function statusOf(realm: string, subject: string): Decision["validity_status"] | undefined {
  switch (subject) {
    case subjects.accepted(realm):
      return "accepted";
    case subjects.quarantined(realm):
      return "quarantined";
    case subjects.rejected(realm):
      return "rejected";
    default:
      return undefined;
  }
}

/** A row about a body whose values Postgres refuses although it has its subject's form: it keeps what can be said of it. */
export function unreadable({ place, payload }: Row, error: unknown): Row {
  const reason = error instanceof Error ? error.message : String(error);
  const about = JSON.stringify({
    sha256: sha256(payload),
    head: toPostgresText(payload.slice(0, HEAD_CHARS)),
    error: toPostgresText(reason),
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

export const lineOf = (place: MessageContext, columns: Columns, payload: string): string =>
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

type LineOf = (place: MessageContext, body: Body, payload: string) => string;

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

/** Subjects whose messages are no bundles. */
const isSingle = (realm: string, subject: string): boolean =>
  subject === subjects.tickMarker(realm) || subject === subjects.handover(realm);

const DECISION_FIELDS = placesOf(
  "event_id",
  "user_id",
  "event_type",
  "normalized_points",
  "validity_status",
  "reason",
  "received_at",
  "realm_id",
);

/** Whether a scanned body is what the quick check of `shared/stream/bodies.ts` takes for a decision, as far as its columns go. */
const isDecision = (fields: readonly (string | undefined)[], ofRealm: string, ofStatus: string): boolean => {
  const [id, user, , points, status, , at, realm] = fields;
  return (
    realm === ofRealm &&
    status === ofStatus &&
    isDigit(points) &&
    id?.charCodeAt(0) === QUOTE &&
    user?.charCodeAt(0) === QUOTE &&
    at?.charCodeAt(0) === QUOTE
  );
};
const QUOTE = 0x22;
const isDigit = (text: string | undefined): boolean =>
  text !== undefined && text.charCodeAt(0) >= 0x30 && text.charCodeAt(0) <= 0x39;

/** What `decisionLine` makes of a parsed body. */
function decisionRow(place: MessageContext, { text: payload, fields }: Scanned): Row {
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

/** Bodies that ingest refused: their sender is unknown, only their assumed kind is known. */
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
