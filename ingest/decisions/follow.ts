/**
 * What became of every candidate and command, line by line, from a cursor on and for as long as it is read. Lines of one id come in the
 * order of what happened to it; whoever goes on from a line's cursor gets each later line once.
 */
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { settlesEvents } from "../../shared/contracts/command.ts";
import type { Accepted, Decision, IngestRejection } from "../../shared/contracts/decision.ts";
import type { SettledCommand, SettledCommandsPart } from "../../shared/contracts/settled-command.ts";
import type { TickMarker, TickRecord } from "../../shared/contracts/world.ts";
import { messageOfTick } from "../../shared/past/tick-sequence.ts";
import { pause } from "../../shared/process/pause.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf, textOf } from "../../shared/stream/codec.ts";
import { nextOf, type Stored, streamEnds } from "../../shared/stream/last-message.ts";
import { type Input, Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects, validStream, worldStream } from "../../shared/stream/subjects.ts";
import { type Cursor, isAfter, type Place } from "./cursor.ts";
import {
  commandLine,
  decisionLine,
  type Entry,
  entryOf,
  type Line,
  rejectionLine,
  tickLines,
} from "./lines.ts";

/** How long a marker's record is waited for between two looks, ms: it is committed right after it. */
const LOOK_MS = 100;
const MESSAGES_AT_ONCE = 100;
/** What waits for a client that reads slowly, of each of the two streams; with what is under way some 8 MB. */
const QUEUE_BYTES = 4 * 1024 * 1024;

type Told = { line: Line; cursor: Cursor };

/** Ends with the signal. Throws `StreamGap` where a log no longer holds what is asked for. */
export async function* decisionsAfter(
  bus: Bus,
  realm: string,
  after: Cursor,
  signal: AbortSignal,
): AsyncGenerator<Told, void> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  let cursor = after;
  const sources = [judged(bus, realm, after.events, until), turnedAway(bus, realm, after.valid, until)];
  const waiting = sources.map((source, i) => stepOf(source, i));
  try {
    while (!signal.aborted) {
      const { i, step } = await Promise.race(waiting);
      if (step.done) return;
      waiting[i] = stepOf(sources[i]!, i);
      const { line, at } = step.value;
      cursor = { ...cursor, ...at };
      yield { line, cursor };
    }
  } finally {
    stop.abort();
    await Promise.allSettled(sources.map((source) => source.return()));
  }
}

type Source = AsyncGenerator<{ line: Line; at: Partial<Cursor> }, void>;
const stepOf = (source: Source, i: number) => source.next().then((step) => ({ i, step }));

/** What the gate refused. */
async function* turnedAway(bus: Bus, realm: string, after: Place, signal: AbortSignal): Source {
  const names = [subjects.ingestRejected(realm)];
  for await (const message of messagesOf(bus, validStream(realm), names, Math.max(1, after.seq), signal))
    for (const [line, body] of bodiesOf<IngestRejection>(message.data).entries()) {
      const at = { seq: message.seq, line };
      if (isAfter(at, after)) yield { line: rejectionLine(body), at: { valid: at } };
    }
}

/** What the judgement decided, and what ticks made of it. */
async function* judged(bus: Bus, realm: string, after: Cursor["events"], signal: AbortSignal): Source {
  const names = [
    subjects.accepted(realm),
    subjects.quarantined(realm),
    subjects.rejected(realm),
    subjects.command(realm),
    subjects.tickMarker(realm),
  ];
  const ticks = new Ticks(bus, realm);
  let { from } = after;
  let entries: Entry[] = [];
  let commands = new Map<string, DecidedCommand>();
  for await (const message of messagesOf(bus, eventsStream(realm), names, from, signal)) {
    let lines: Line[];
    let next = from;
    if (message.subject === subjects.tickMarker(realm)) {
      const played = await ticks.of(JSON.parse(textOf(message.data)) as TickMarker, message.seq, signal);
      if (played === undefined) continue;
      const { record, settled } = played;
      const counts = record.kind !== "status";
      lines = tickLines(record, counts ? entries : [], settled, commands);
      if (counts) {
        entries = [];
        commands = new Map();
        next = message.seq + 1;
      } else commands = new Map([...commands].filter(([, { kind }]) => settlesEvents(kind)));
    } else if (message.subject === subjects.command(realm)) {
      const decided = bodiesOf<DecidedCommand>(message.data);
      for (const command of decided)
        if (command.status === "passed") commands.set(command.command_id, command);
      lines = decided.map(commandLine);
    } else {
      const decisions = bodiesOf<Decision>(message.data);
      for (const decision of decisions)
        if (decision.validity_status === "accepted") entries.push(entryOf(decision as Accepted));
      lines = decisions.map(decisionLine);
    }
    for (const [n, line] of lines.entries()) {
      const at = { seq: message.seq, line: n };
      if (!isAfter(at, after)) continue;
      // Only behind its last line a tick is done: before it the entries are needed once more.
      const isLast = n === lines.length - 1;
      yield { line, at: { events: { ...at, from: isLast ? next : from } } };
    }
    from = next;
  }
}

async function* messagesOf(
  bus: Bus,
  stream: string,
  names: string[],
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Input, void> {
  const { created } = await streamEnds(bus, stream);
  const reader = new Reader(bus, {
    ...{ stream, subjects: names, created, from },
    prefetch: MESSAGES_AT_ONCE,
    mostBytes: QUEUE_BYTES,
  });
  try {
    while (!signal.aborted) yield* await reader.take(MESSAGES_AT_ONCE, signal);
  } finally {
    await reader.close();
  }
}

/** Ticks by their markers, in order. */
class Ticks {
  readonly #bus: Bus;
  readonly #realm: string;
  #last: Stored | undefined;

  constructor(bus: Bus, realm: string) {
    this.#bus = bus;
    this.#realm = realm;
  }

  /** Waits until the tick is committed. Undefined with the signal, and for a marker that was never played. */
  async of(
    { tick }: TickMarker,
    markedAt: number,
    signal: AbortSignal,
  ): Promise<{ record: TickRecord; settled: SettledCommand[] } | undefined> {
    for (; !signal.aborted; await pause(LOOK_MS, signal)) {
      const stored = await this.#next(tick);
      if (stored === undefined) continue;
      const record = JSON.parse(stored.text()) as TickRecord;
      // Of two markers of one tick the later one was played.
      if (record.through_seq !== markedAt) return undefined;
      this.#last = stored;
      return { record, settled: await this.#settledIn(record, stored.seq) };
    }
    return undefined;
  }

  #next(tick: number): Promise<Stored | undefined> {
    const [stream, subject] = [worldStream(this.#realm), subjects.tick(this.#realm)];
    return this.#last === undefined
      ? messageOfTick(this.#bus, stream, subject, tick)
      : nextOf(this.#bus, stream, subject, this.#last.seq + 1);
  }

  /** From its parts, which follow the record in the same batch. */
  async #settledIn({ tick, commands }: TickRecord, seq: number): Promise<SettledCommand[]> {
    if (commands === undefined) return [];
    const all: SettledCommand[] = [];
    for (let after = seq; ; ) {
      const subject = subjects.settledCommands(this.#realm);
      const stored = await nextOf(this.#bus, worldStream(this.#realm), subject, after + 1);
      const part = stored && (JSON.parse(stored.text()) as SettledCommandsPart);
      if (stored === undefined || part === undefined || part.tick !== tick) return all;
      all.push(...part.commands);
      if (part.part === part.parts) return all;
      after = stored.seq;
    }
  }
}
