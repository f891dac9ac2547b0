/** Takes one foreign message out of a stream: overwritten on disk, and gone for every reader, which goes on behind it. */

import type { Bus } from "../../../shared/stream/bus.ts";
import { streamEnds } from "../../../shared/stream/last-message.ts";
import { eventsStream, subjects, validStream, worldStream } from "../../../shared/stream/subjects.ts";
import type { Database } from "../../../simulator/archive/database/database.ts";
import { type Foreign, foreignIn, readThrough } from "./foreign.ts";

/** It must not be taken out; the message says why. */
export class NotRemovable extends Error {}

/** The foreign message at a place. Throws `NotRemovable` where it isn't foreign, or somebody has consumed it. */
export async function removable(
  bus: Bus,
  realm: string,
  place: { stream: string; seq: number },
  database: Database | undefined,
): Promise<Foreign> {
  const { stream, seq } = place;
  const reader = readerOf(realm, stream);
  if (reader === undefined)
    throw new NotRemovable(
      `${stream} is none of ${realm}'s VALID, EVENTS and WORLD: nothing is taken out of it`,
    );
  const { lastSeq } = await streamEnds(bus, stream);
  if (seq > lastSeq) throw new NotRemovable(`${stream} ends at ${lastSeq}`);
  // Ticks have to follow each other, so those before it count.
  const found = (await foreignIn(bus, realm, stream, 1)).find((foreign) => foreign.seq === seq);
  if (found === undefined)
    throw new NotRemovable(
      `message ${seq} of ${stream} is what its subject says, or isn't there: what is part of the log stays`,
    );
  if (reader.stage !== undefined) {
    const at = await readThrough(bus, realm, reader.stage, reader.output);
    if (at !== undefined && at.through >= seq && !found.subject.startsWith("position."))
      throw new NotRemovable(
        `${reader.stage} has read ${stream} up to ${at.through}: what it made of message ${seq} is in its output, and a replay without it would come out otherwise`,
      );
  }
  // Of VALID the archive takes rejections alone: it passes over whatever else is there.
  const isArchived = stream !== validStream(realm) || found.subject === subjects.ingestRejected(realm);
  const archived = isArchived ? await archivedThrough(database, realm, stream) : undefined;
  if (archived !== undefined && archived >= seq)
    throw new NotRemovable(
      `the archive has ${stream} up to ${archived}, message ${seq} among it: npm run archive:rebuild after it is out, or leave it`,
    );
  return found;
}

type Reader = { stage?: "normalizer" | "simulator"; output: string };

function readerOf(realm: string, stream: string): Reader | undefined {
  if (stream === validStream(realm)) return { stage: "normalizer", output: eventsStream(realm) };
  if (stream === eventsStream(realm)) return { stage: "simulator", output: worldStream(realm) };
  return stream === worldStream(realm) ? { output: "" } : undefined;
}

async function archivedThrough(
  database: Database | undefined,
  realm: string,
  stream: string,
): Promise<number | undefined> {
  const { rows } = (await database?.query<{ through: number }>(
    "SELECT through FROM archive_positions WHERE realm_id = $1 AND stream = $2",
    [realm, stream],
  )) ?? { rows: [] };
  return rows[0]?.through;
}

/** Overwrites it and takes it out. */
export async function remove(bus: Bus, { stream, seq }: Foreign): Promise<void> {
  await bus.jsm.streams.deleteMessage(stream, seq, true);
}
