/** Whether Postgres and a stream tell the same story, where both have it. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { canonical } from "../../../shared/exact/canonical.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import { REFUSED } from "../../../shared/stream/publish.ts";
import { eventsStream, validStream } from "../../../shared/stream/subjects.ts";
import { ArchiveRefused, RESTORE } from "../database/position.ts";
import { toPostgresJson } from "../database/postgres-json.ts";
import type { Archiving } from "../follow.ts";

/**
 * Holds the last archived body against the message that it came from. A stream that was restored from an older state and has
 * grown since has other messages in the same places, which no position can tell. Throws `ArchiveRefused` then.
 */
export async function assertSameLog(
  { database, bus, realm }: Archiving,
  label: "VALID" | "EVENTS",
): Promise<void> {
  const { rows } = await database.query<{ seq: number; index: number; body: unknown }>(
    `SELECT stream_seq AS seq, frame_index AS index, payload_json AS body FROM world_events
      WHERE realm_id = $1 AND stream = $2 AND event_type <> 'unreadable'
      ORDER BY stream_seq DESC, frame_index DESC LIMIT 1`,
    [realm, label],
  );
  const [row] = rows;
  if (row === undefined) return;
  const stream = label === "VALID" ? validStream(realm) : eventsStream(realm);
  const message = await bus.jsm.streams.getMessage(stream, { seq: row.seq }).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === REFUSED.noMessage) return null;
    throw error;
  });
  if (message === null) return; // Purged, as what is archived may be.
  const content: unknown = JSON.parse(toPostgresJson(textOf(message.data)));
  const body: unknown = Array.isArray(content) ? content[row.index] : content;
  if (body === undefined || canonical(body) !== canonical(row.body))
    throw new ArchiveRefused(
      `${stream} has another message at ${row.seq} than the archive, so it was restored and written anew: ${RESTORE}`,
    );
}
