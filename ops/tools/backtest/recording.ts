/** A realm as it was recorded: what the normalizer read from VALID, each with what it decided on EVENTS. */

import type { ValidCandidate } from "../../../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../../../shared/contracts/command.ts";
import type { Decision } from "../../../shared/contracts/decision.ts";
import { Position } from "../../../shared/contracts/position.ts";
import { TickMarker } from "../../../shared/contracts/world.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { bodiesOf, textOf } from "../../../shared/stream/codec.ts";
import { streamEnds } from "../../../shared/stream/last-message.ts";
import { REFUSED } from "../../../shared/stream/publish.ts";
import { type Input, Reader } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects, validStream } from "../../../shared/stream/subjects.ts";

/** The recording can't be back-tested; the message says why, in a line. */
export class NotRecorded extends Error {}

/** `tick`: the one that the decision counts in. A review brings the decision on its event, unless it was refused. */
export type Recorded =
  | { kind: "candidate"; candidate: ValidCandidate; decision: Decision; tick: number }
  | {
      kind: "command";
      command: ValidCommand;
      decided: DecidedCommand;
      decision: Decision | undefined;
      tick: number;
    };

/**
 * Everything that is decided by now, a bundle of VALID at a time, in its order. Both streams have that order, so they are read
 * side by side. Throws `NotRecorded` where there is no such realm or its streams aren't whole.
 */
export async function* recorded(bus: Bus, realm: string): AsyncGenerator<Recorded[]> {
  const valid = await endsOf(bus, realm, validStream(realm));
  const events = await endsOf(bus, realm, eventsStream(realm));
  for (const [stream, { firstSeq }] of [
    [validStream(realm), valid],
    [eventsStream(realm), events],
  ] as const)
    if (firstSeq > 1)
      throw new NotRecorded(
        `${stream} begins at ${firstSeq}: what came before was purged, so the state can't be built`,
      );
  const inputs = new Reader(bus, {
    stream: validStream(realm),
    subjects: [subjects.validCandidate(realm), subjects.validCommand(realm), subjects.ingestRejected(realm)],
    created: valid.created,
    from: 1,
  });
  const decisions = new Decisions(bus, realm, events);
  const signal = new AbortController().signal;
  try {
    const through = await decidedThrough(bus, realm);
    for (let read = 0; read < through; ) {
      for (const message of await inputs.take(1_000, signal)) {
        read = message.seq;
        if (read > through) break;
        if (message.subject !== subjects.ingestRejected(realm))
          yield await decidedOn(message, realm, decisions);
      }
    }
  } finally {
    await inputs.close();
    await decisions.close();
  }
}

async function endsOf(bus: Bus, realm: string, stream: string) {
  return streamEnds(bus, stream).catch((error: { code?: number }) => {
    if (error.code === REFUSED.streamNotFound) throw new NotRecorded(`no realm is named ${realm}`);
    throw error;
  });
}

/** Sequence of the last message of VALID that is decided. */
async function decidedThrough(bus: Bus, realm: string): Promise<number> {
  const query = { last_by_subj: subjects.position("normalizer", realm) };
  const position = await bus.jsm.streams.getMessage(eventsStream(realm), query);
  if (position === null) throw new NotRecorded(`${eventsStream(realm)} holds no position of the normalizer`);
  return Position.parse(JSON.parse(textOf(position.data))).through;
}

async function decidedOn(message: Input, realm: string, decisions: Decisions): Promise<Recorded[]> {
  const bundle: Recorded[] = [];
  if (message.subject === subjects.validCandidate(realm)) {
    for (const candidate of bodiesOf<ValidCandidate>(message.data)) {
      const decision = (decisions.ready() ?? (await decisions.next())) as Decision;
      if (decision.event_id !== candidate.event_id || decision.source_seq !== candidate.source_seq)
        throw astray(realm, candidate.source_seq);
      bundle.push({ kind: "candidate", candidate, decision, tick: decisions.tick });
    }
    return bundle;
  }
  for (const command of bodiesOf<ValidCommand>(message.data)) {
    const decided = (await decisions.next()) as DecidedCommand;
    if (decided.command_id !== command.command_id || decided.source_seq !== command.source_seq)
      throw astray(realm, command.source_seq);
    const { tick } = decisions;
    const reviewed =
      decided.status === "applied" && (command.kind === "review.release" || command.kind === "review.reject");
    const decision = reviewed ? ((await decisions.next()) as Decision) : undefined;
    if (decision !== undefined && decision.source_seq !== command.source_seq)
      throw astray(realm, command.source_seq);
    bundle.push({ kind: "command", command, decided, decision, tick });
  }
  return bundle;
}

const astray = (realm: string, source_seq: number) =>
  new NotRecorded(`${eventsStream(realm)} has another decision where the one on ${source_seq} should be`);

/** The bodies of EVENTS one by one, the tick markers between them counted. */
class Decisions {
  readonly #realm: string;
  readonly #reader: Reader;
  readonly #signal = new AbortController().signal;
  #messages: Input[] = [];
  #bodies: object[] = [];
  #next = 0;
  /** Of the last body. */
  tick = 1;

  constructor(bus: Bus, realm: string, { created }: { created: string }) {
    this.#realm = realm;
    const names = [subjects.accepted, subjects.quarantined, subjects.rejected, subjects.command];
    this.#reader = new Reader(bus, {
      stream: eventsStream(realm),
      subjects: [...names, subjects.tickMarker].map((of) => of(realm)),
      created,
      from: 1,
    });
  }

  /** The next body, where it is here already. */
  ready(): object | undefined {
    const body = this.#bodies[this.#next];
    if (body !== undefined) this.#next++;
    return body;
  }

  async next(): Promise<object> {
    for (;;) {
      const body = this.ready();
      if (body !== undefined) return body;
      if (this.#messages.length === 0)
        this.#messages = (await this.#reader.take(1_000, this.#signal)).reverse();
      const message = this.#messages.pop()!;
      if (message.subject === subjects.tickMarker(this.#realm))
        this.tick = TickMarker.parse(JSON.parse(textOf(message.data))).tick + 1;
      else {
        this.#bodies = bodiesOf<object>(message.data);
        this.#next = 0;
      }
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
