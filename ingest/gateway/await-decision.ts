/** Waiting for the normalizer's decision on a command. */

import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { answersFrom, awaitMessage } from "./await-message.ts";

/** Waits for the decision on the command which RAW holds at `seq`; `undefined` when there is none in time. */
export async function awaitDecision(
  bus: Bus,
  command: { realm: string; seq: number },
  timeoutMs: number,
): Promise<DecidedCommand | undefined> {
  const { realm, seq } = command;
  const deadline = performance.now() + timeoutMs;
  const since = await answersFrom(bus, realm, seq);
  return awaitMessage(
    bus,
    { stream: eventsStream(realm), subjects: [subjects.command(realm)], since, deadline },
    (_subject, data) => bodiesOf<DecidedCommand>(data).find((decided) => decided.source_seq === seq),
  );
}
