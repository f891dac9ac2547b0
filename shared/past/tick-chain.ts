/**
 * Ticks as WORLD holds them, read in order: every record continues the chain and has the hash that it states, and its delta, which
 * states the same public hash, comes next. What breaks this is foreign.
 */

import type { TickRecord, WorldDelta } from "../contracts/world.ts";
import { canonicalHash } from "../exact/canonical.ts";
import { ForeignMessage } from "../stage/refusal.ts";
import { deltaIn, type Message, recordIn } from "../stream/bodies.ts";

/** The last tick that was read: its number, and the hash of its record. */
export type Link = { tick: number; hash: string };

export class TickChain {
  readonly #realm: string;
  #last: Link | undefined;
  #record: TickRecord | undefined;

  /** `last`: absent where it begins with any tick. */
  constructor(realm: string, last?: Link) {
    this.#realm = realm;
    this.#last = last;
  }

  /** Goes on by a record. Throws `ForeignMessage`, and stays where it is. */
  record(message: Message): TickRecord {
    const record = recordIn(message);
    const fail = (why: string) =>
      new ForeignMessage(message, `it is a record of tick ${record.tick}, ${why}`);
    const last = this.#last;
    if (this.#record !== undefined) throw fail(`but tick ${this.#record.tick} still lacks its delta`);
    if (last !== undefined && record.tick !== last.tick + 1)
      throw fail(`but the tick before it is ${last.tick}`);
    if (last !== undefined && record.prev_hash !== last.hash)
      throw fail(`and names ${record.prev_hash} as the one before it, which is ${last.hash}`);
    const { hash, ...content } = record;
    if (canonicalHash(content) !== hash) throw fail("and doesn't have the hash that it states");
    // Tick 0 has no delta: its state follows from the realm's first ruleset.
    if (record.kind === "genesis") this.#last = record;
    else this.#record = record;
    return record;
  }

  /** Goes on by the delta of the record before it. Throws `ForeignMessage`, and stays where it is. */
  delta(message: Message): { delta: WorldDelta; record: TickRecord } {
    const delta = deltaIn(message, this.#realm);
    const record = this.#record;
    if (record?.tick !== delta.tick)
      throw new ForeignMessage(message, `it is a delta of tick ${delta.tick} without a record`);
    if (record.public_hash !== delta.hash)
      throw new ForeignMessage(
        message,
        `it is a delta of tick ${delta.tick} that states ${delta.hash}, its record ${record.public_hash}`,
      );
    this.#last = record;
    this.#record = undefined;
    return { delta, record };
  }
}
