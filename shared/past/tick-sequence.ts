/**
 * Where a tick lies in WORLD. Ticks rise with sequences and are spread almost evenly, so a guess by proportion is right within a few
 * requests; every second guess is the middle, which bounds them. Each request may have the server load a block of 8 MB.
 */

import { ForeignMessage } from "../stage/refusal.ts";
import { jsonOf, type Message } from "../stream/bodies.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf, nextOf, type Stored } from "../stream/last-message.ts";

/**
 * The message of `subject` (`world.tick` or `world.delta`) with this tick, else the next later one, from the stream's leader;
 * `undefined` where all are earlier.
 */
export async function messageOfTick(
  bus: Bus,
  stream: string,
  subject: string,
  tick: number,
): Promise<Stored | undefined> {
  const tickOf = (message: Stored): number => tickIn({ ...message, subject });
  const [first, last] = await Promise.all([nextOf(bus, stream, subject, 1), lastOf(bus, stream, subject)]);
  if (first === undefined || last === undefined || tickOf(last) < tick) return undefined;
  if (tickOf(first) >= tick) return first;
  /** The last one known to be earlier, and the first one known not to be, with where its predecessor may still lie. */
  let low = first;
  let found = last;
  let end = last.seq;
  for (let guesses = 0; low.seq + 1 < end && tickOf(found) !== tick; guesses++) {
    const part = guesses % 2 === 0 ? (tick - tickOf(low)) / (tickOf(found) - tickOf(low)) : 0.5;
    const guess = Math.max(low.seq + 1, Math.min(end - 1, low.seq + Math.floor((end - low.seq) * part)));
    const message = await nextOf(bus, stream, subject, guess);
    if (message !== undefined && tickOf(message) < tick) low = message;
    else {
      // Nothing of the subject lies between the guess and what came.
      if (message !== undefined) found = message;
      end = guess;
    }
  }
  return found;
}

/** Throws `ForeignMessage` where a message says no tick. */
function tickIn(message: Message): number {
  const body = jsonOf(message);
  const tick = typeof body === "object" && body !== null && "tick" in body ? body.tick : undefined;
  if (typeof tick === "number" && Number.isSafeInteger(tick)) return tick;
  throw new ForeignMessage(message, "it says no tick");
}
