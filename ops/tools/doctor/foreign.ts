/** Foreign messages of a realm: what in VALID, EVENTS and WORLD isn't what its subject says, by the checks of the readers and the schemas. */

import { PassedNotices } from "../../../shared/contracts/feed.ts";
import { HandoverHead } from "../../../shared/contracts/world.ts";
import { TickChain } from "../../../shared/past/tick-chain.ts";
import { ForeignMessage } from "../../../shared/stage/refusal.ts";
import { positionIn } from "../../../shared/stage/restore.ts";
import {
  candidatesIn,
  commandsIn,
  decidedIn,
  decisionsOf,
  jsonOf,
  type Message,
  markerIn,
  movingCommandsIn,
  rejectionsIn,
  settledCommandsIn,
  snapshotIn,
} from "../../../shared/stream/bodies.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../../shared/stream/last-message.ts";
import { type Input, Reader } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects, validStream, worldStream } from "../../../shared/stream/subjects.ts";

export type Foreign = { stream: string; seq: number; subject: string; why: string };

/** What comes after this many ms is not in the stream any more. */
const SILENCE_MS = 5_000;
const AT_ONCE = 1_000;

/** Messages of a stream from a sequence on, up to its end as it is now. */
async function* messagesFrom(bus: Bus, stream: string, from: number): AsyncGenerator<Input> {
  const { created, firstSeq, lastSeq } = await streamEnds(bus, stream);
  const start = Math.max(from, firstSeq);
  if (start > lastSeq) return;
  const reader = new Reader(bus, { stream, subjects: [">"], created, from: start });
  try {
    for (let seq = start - 1; seq < lastSeq; ) {
      const messages = await reader.take(AT_ONCE, AbortSignal.timeout(SILENCE_MS));
      if (messages.length === 0) return; // The last ones were taken out.
      for (const message of messages) {
        seq = message.seq;
        if (seq <= lastSeq) yield message;
      }
    }
  } finally {
    await reader.close();
  }
}

/** Everything foreign in a stream from a sequence on. In WORLD, which holds no long bodies' worth, from its start. */
export async function foreignIn(bus: Bus, realm: string, stream: string, from: number): Promise<Foreign[]> {
  const check = checkOf(realm, stream);
  const found: Foreign[] = [];
  for await (const message of messagesFrom(bus, stream, from)) {
    const why = whyForeign(() => check(message));
    if (why !== undefined) found.push({ stream, seq: message.seq, subject: message.subject, why });
  }
  return found;
}

function whyForeign(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof ForeignMessage)) throw error;
    return error.why;
  }
}

type Check = (message: Message) => void;

/** Checks messages in stream order: ticks have to follow each other. */
function checkOf(realm: string, stream: string): Check {
  const isPosition: Check = (message) => {
    const stored = { ...message, atMs: 0, text: () => textOf(message.data) };
    if (positionIn(stored) === undefined) throw new ForeignMessage(message, "it is no position");
  };
  const unread: Check = (message) => {
    throw new ForeignMessage(message, "nobody writes this subject");
  };
  const checks = new Map<string, Check>();
  switch (stream) {
    case validStream(realm):
      checks.set(subjects.validCandidate(realm), (m) => candidatesIn(m, realm, textOf(m.data)));
      checks.set(subjects.validCommand(realm), (m) => commandsIn(m, realm));
      checks.set(subjects.ingestRejected(realm), rejectionsIn);
      checks.set(subjects.position("ingest", realm), isPosition);
      break;
    case eventsStream(realm): {
      for (const verdict of [subjects.accepted, subjects.quarantined, subjects.rejected])
        checks.set(verdict(realm), (m) => decisionsOf(m, realm));
      checks.set(subjects.command(realm), (m) => void [decidedIn(m, realm), movingCommandsIn(m, realm)]);
      let last: number | undefined;
      checks.set(subjects.tickMarker(realm), (m) => {
        const { tick } = markerIn(m, realm);
        if (last !== undefined && tick !== last + 1)
          throw new ForeignMessage(m, `it is the marker of tick ${tick}, not ${last + 1}`);
        last = tick;
      });
      checks.set(subjects.handover(realm), (m) => {
        const head = HandoverHead.safeParse(jsonOf(m));
        if (!head.success) throw new ForeignMessage(m, "it is no handover of an earlier engine");
        last = head.data.record.tick;
      });
      checks.set(subjects.position("normalizer", realm), isPosition);
      break;
    }
    case worldStream(realm): {
      const chain = new TickChain(realm);
      checks.set(subjects.tick(realm), (m) => chain.record(m));
      checks.set(subjects.delta(realm), (m) => chain.delta(m));
      checks.set(subjects.snapshot(realm), (m) => snapshotIn(m, realm));
      checks.set(subjects.notices(realm), (m) => {
        const part = PassedNotices.safeParse(jsonOf(m));
        if (part.data?.realm !== realm) throw new ForeignMessage(m, `it is no part of notices of ${realm}`);
      });
      checks.set(subjects.settledCommands(realm), (m) => settledCommandsIn(m, realm));
      checks.set(subjects.position("simulator", realm), isPosition);
    }
  }
  return (message) => (checks.get(message.subject) ?? unread)(message);
}

/** The last sequence that a stage has read, committed with what it wrote; `undefined` where its position is missing or none. */
export async function readThrough(
  bus: Bus,
  realm: string,
  stage: "ingest" | "normalizer" | "simulator",
  output: string,
): Promise<{ through: number; input_created: string; seq: number } | undefined> {
  const head = await lastOf(bus, output, subjects.position(stage, realm));
  const position = head && positionIn(head);
  return position && { ...position, seq: head.seq };
}
