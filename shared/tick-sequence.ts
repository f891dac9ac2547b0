/** Where a tick lies in WORLD. Ticks rise with sequences, and a tick has no fixed number of messages: found by bisection. */
import { type Bus, nextOf } from "./bus.ts";

/** What is looked for among: sequences of the stream, both included. */
export type SequenceRange = { first: number; last: number };

/**
 * Sequence of the first message of `subject` (`world.tick` or `world.delta`) whose tick is `tick` or later, asked of the leader in
 * some 20 requests; `undefined` where every one in the range is earlier.
 */
export async function sequenceOfTick(
  bus: Bus,
  stream: string,
  subject: string,
  tick: number,
  { first, last }: SequenceRange,
): Promise<number | undefined> {
  let low = first;
  let high = last + 1;
  let found: number | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await nextOf(bus, stream, subject, middle);
    if (message === undefined || message.seq > last) high = middle;
    else if ((JSON.parse(message.text()) as { tick: number }).tick >= tick) {
      found = message.seq;
      high = middle;
    } else low = message.seq + 1;
  }
  return found;
}
