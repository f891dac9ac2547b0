/** A realm's past from EVENTS and WORLD. */

import { Position } from "../../../shared/contracts/position.ts";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { checkpointBefore } from "../../../shared/past/checkpoints.ts";
import { handedOver } from "../../../shared/past/starts.ts";
import { messageOfTick } from "../../../shared/past/tick-sequence.ts";
import { openTimeMachine } from "../../../shared/past/time-machine.ts";
import { firstCommand } from "../../../shared/provision/provision.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../../shared/stream/last-message.ts";
import { REFUSED } from "../../../shared/stream/publish.ts";
import { type Input, Reader } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { movingSubjects } from "../../../simulator/advance.ts";
import { type Source, StreamsGone } from "./source.ts";

const MESSAGES_AT_ONCE = 1_000;

/** Throws `StreamsGone` where EVENTS or WORLD isn't there or was purged from its beginning. */
export async function streamsSource(bus: Bus, realm: string): Promise<Source> {
  const events = await endsOf(bus, eventsStream(realm));
  await endsOf(bus, worldStream(realm));
  const stored = await lastOf(bus, worldStream(realm), subjects.tick(realm));
  if (stored === undefined) throw new StreamsGone(`${worldStream(realm)} holds no tick record`);
  const last = JSON.parse(stored.text()) as TickRecord;
  if (last.through_seq > events.lastSeq)
    throw new Error(
      `${eventsStream(realm)} ends at ${events.lastSeq}, but tick ${last.tick} counts what it held up to ${last.through_seq}: it lost its end`,
    );
  const missingEnd = await missingAfter(bus, realm, last);
  const handover = await handedOver(bus, realm);
  return {
    name: "the streams",
    realm,
    first: await firstCommand(bus, realm),
    ...(handover === undefined ? {} : { handover }),
    lastTick: last.tick,
    inputs: (after) => eventsOf(bus, realm, after, last.through_seq),
    records: (from) => recordsOf(bus, realm, from),
    checkpoint: (tick) => checkpointBefore(bus, realm, tick),
    stateAt: async (tick) => (await (await openTimeMachine(bus, realm)).stateAt(tick))?.state,
    ...(missingEnd === undefined ? {} : { missingEnd }),
  };
}

/** What moves the world, after a sequence of EVENTS up to another one that is there, the last marker's if none is given. */
export async function* eventsOf(
  bus: Bus,
  realm: string,
  after = 0,
  through?: number,
): AsyncGenerator<Input[]> {
  const stream = eventsStream(realm);
  const { created } = await streamEnds(bus, stream);
  const last = through ?? (await lastOf(bus, stream, subjects.tickMarker(realm)))?.seq ?? 0;
  yield* read(bus, { stream, subjects: movingSubjects(realm), created, from: after + 1, last });
}

/** The tick records that WORLD holds, from a tick on; none where there is no such stream. */
export async function* recordsOf(bus: Bus, realm: string, from = 0): AsyncGenerator<TickRecord> {
  const stream = worldStream(realm);
  const subject = subjects.tick(realm);
  const ends = await streamEnds(bus, stream).catch((error: { code?: number }) => {
    if (error.code !== REFUSED.streamNotFound) throw error;
  });
  if (ends === undefined) return;
  const [first, last] = await Promise.all([
    messageOfTick(bus, stream, subject, from),
    lastOf(bus, stream, subject),
  ]);
  if (first === undefined || last === undefined) return;
  const range = { stream, subjects: [subject], created: ends.created, from: first.seq, last: last.seq };
  for await (const messages of read(bus, range))
    for (const { data } of messages) yield JSON.parse(textOf(data)) as TickRecord;
}

async function endsOf(bus: Bus, stream: string) {
  const ends = await streamEnds(bus, stream).catch((error: { code?: number }) => {
    if (error.code === REFUSED.streamNotFound) throw new StreamsGone(`there is no stream ${stream}`);
    throw error;
  });
  if (ends.firstSeq > 1) throw new StreamsGone(`${stream} was purged: it begins at ${ends.firstSeq}`);
  return ends;
}

/** The simulator's position lies at its last marker, so a record that ends before it isn't the last one that was written. */
async function missingAfter(bus: Bus, realm: string, last: TickRecord): Promise<string | undefined> {
  const head = await lastOf(bus, worldStream(realm), subjects.position("simulator", realm));
  if (head === undefined) return `${worldStream(realm)} holds no position of the simulator`;
  const { through } = Position.parse(JSON.parse(head.text()));
  return through > last.through_seq
    ? `tick ${last.tick + 1}: no record in ${worldStream(realm)}, though the simulator's position counts up to ${through}`
    : undefined;
}

type Range = { stream: string; subjects: string[]; created: string; from: number; last: number };

/** The messages of a range, whose last one is there for certain. */
async function* read(bus: Bus, { last, ...from }: Range): AsyncGenerator<Input[]> {
  if (from.from > last) return;
  const reader = new Reader(bus, from);
  const never = new AbortController().signal;
  try {
    for (let seq = 0; seq < last; ) {
      const messages = await reader.take(MESSAGES_AT_ONCE, never);
      seq = messages.at(-1)!.seq;
      yield seq <= last ? messages : messages.filter((message) => message.seq <= last);
    }
  } finally {
    await reader.close();
  }
}
