/** The ledger: what each accepted event of a tick moved, and whom it bound to which faction. */

import { appliedPoints } from "../../shared/applied.ts";
import type { Bus } from "../../shared/bus.ts";
import { bodiesOf } from "../../shared/codec.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { sortedKeys } from "../../shared/integers.ts";
import type { Input } from "../../shared/reader.ts";
import { Reader } from "../../shared/reader.ts";
import { eventsStream, subjects } from "../../shared/subjects.ts";
import type { Transaction } from "./database.ts";
import { takeWithin } from "./follow.ts";
import { ArchiveRefused } from "./position.ts";
import { storableJson } from "./storable.ts";

/** What the ledger needs of a decision: about 200 bytes, where the decision takes 2 KB and a long tick has a million. */
export type Entry = Pick<
  Accepted,
  | "event_id"
  | "user_id"
  | "faction_id"
  | "base_points"
  | "normalized_points"
  | "daily_cap_bucket"
  | "received_at"
>;

export type NewRuleset = { version: number; ruleset: Ruleset; at: string };

/** What the log brought between two markers. */
export type TickInputs = { accepted: Entry[]; rulesets: NewRuleset[] };

/** The marker of a tick that has a record is there: when nothing comes for so long, the reader has lost it. */
const PATIENCE_MS = 5_000;

/** Reads EVENTS tick by tick. An event belongs to the tick whose marker is the first after it. */
export class TickInputsReader {
  readonly #bus: Bus;
  readonly #realm: string;
  /** When EVENTS was created, as the archive knows it. */
  readonly #created: string;
  #reader: Reader | undefined;
  /** Received, but of a later tick. */
  #ahead: Input[] = [];

  constructor(bus: Bus, realm: string, created: string) {
    this.#bus = bus;
    this.#realm = realm;
    this.#created = created;
  }

  /**
   * The inputs of a tick; ticks are asked for in order. Throws `ArchiveRefused` when EVENTS has no marker where the record
   * says, `StreamGap` when it no longer holds them, the signal's reason when aborted.
   */
  async of(record: TickRecord, signal: AbortSignal): Promise<TickInputs> {
    const inputs: TickInputs = { accepted: [], rulesets: [] };
    this.#reader ??= new Reader(this.#bus, {
      stream: eventsStream(this.#realm),
      subjects: [
        subjects.accepted(this.#realm),
        subjects.command(this.#realm),
        subjects.tickMarker(this.#realm),
      ],
      created: this.#created,
      from: record.from_seq,
    });
    for (;;) {
      if (this.#ahead.length === 0) this.#ahead = await takeWithin(this.#reader, PATIENCE_MS, signal);
      signal.throwIfAborted();
      if (this.#ahead.length === 0)
        throw new Error(
          `the marker of tick ${record.tick} at ${record.through_seq} of EVENTS does not come: reading anew`,
        );
      for (const [i, message] of this.#ahead.entries()) {
        if (message.subject !== subjects.tickMarker(this.#realm)) this.#gather(inputs, message);
        else if (message.seq === record.through_seq) {
          this.#ahead = this.#ahead.slice(i + 1);
          return inputs;
        } else
          throw new ArchiveRefused(
            `the record of tick ${record.tick} names ${record.through_seq} as its marker, EVENTS has one at ${message.seq}`,
          );
      }
      this.#ahead = [];
    }
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  #gather(inputs: TickInputs, message: Input): void {
    if (message.subject === subjects.accepted(this.#realm)) {
      for (const decision of bodiesOf<Accepted>(message.data)) inputs.accepted.push(entryOf(decision));
      return;
    }
    for (const command of bodiesOf<DecidedCommand>(message.data))
      if (
        command.kind === "ruleset.set" &&
        command.ruleset_version !== undefined &&
        command.status !== "refused"
      )
        inputs.rulesets.push({
          version: command.ruleset_version,
          ruleset: command.payload.ruleset,
          at: command.received_at,
        });
  }
}

const entryOf = (decision: Accepted): Entry => ({
  event_id: decision.event_id,
  user_id: decision.user_id,
  faction_id: decision.faction_id,
  base_points: decision.base_points,
  normalized_points: decision.normalized_points,
  daily_cap_bucket: decision.daily_cap_bucket,
  received_at: decision.received_at,
});

export type Ledger = {
  entries: Entry[];
  /** Milli-points by event id. */
  applied: Map<string, number>;
  /** A sentence per faction whose entries don't sum to what the record says. Honest rows are kept all the same. */
  problems: string[];
};

/** What every event of a tick moved, held against the tick's record: per faction `Σ applied = min(sum, cap)`. */
export function ledgerOf(entries: Entry[], record: Pick<TickRecord, "tick" | "factions">): Ledger {
  const applied = appliedPoints(entries, record.factions);
  const sums = new Map<string, number>();
  for (const { event_id, faction_id } of entries)
    sums.set(faction_id, (sums.get(faction_id) ?? 0) + applied.get(event_id)!);
  const problems: string[] = [];
  for (const id of sortedKeys(record.factions)) {
    const { sum, cap } = record.factions[id]!;
    const expected = Math.min(sum, cap);
    const found = sums.get(id) ?? 0;
    if (found !== expected)
      problems.push(
        `tick ${record.tick}: the events of ${id} sum to ${found} milli-points, its record says ${expected}`,
      );
  }
  return { entries, applied, problems };
}

/** A statement's rows: more gain nothing. */
const MAX_ROWS = 5_000;

/** Writes a tick's ledger. Answers how many of its events stood in the ledger of another tick already, and stay there. */
export async function insertLedger(
  transaction: Transaction,
  realm: string,
  tick: number,
  { entries, applied }: Ledger,
): Promise<number> {
  let inserted = 0;
  for (let start = 0; start < entries.length; start += MAX_ROWS) {
    const rows = entries
      .slice(start, start + MAX_ROWS)
      .map((entry) => ({ ...entry, applied: applied.get(entry.event_id) }));
    const { rowCount } = await transaction.query({
      name: "insert ledger",
      text: `INSERT INTO influence_ledger (realm_id, tick, user_id, faction_id, influence_points, source_event_id,
          normalized_points, applied_points, daily_cap_bucket, created_at)
        SELECT $1, $2, user_id, faction_id, base_points * 1000, event_id, normalized_points, applied, daily_cap_bucket,
          received_at
        FROM jsonb_to_recordset($3::jsonb) AS r (event_id text, user_id text, faction_id text, base_points bigint,
          normalized_points bigint, applied bigint, daily_cap_bucket date, received_at timestamptz)
        ON CONFLICT DO NOTHING`,
      values: [realm, tick, storableJson(rows)],
    });
    inserted += rowCount ?? 0;
  }
  await insertMemberships(transaction, realm, entries);
  return inserted === entries.length ? 0 : entries.length - (await countLedger(transaction, realm, tick));
}

async function countLedger(transaction: Transaction, realm: string, tick: number): Promise<number> {
  const { rows } = await transaction.query<{ entries: number }>(
    "SELECT count(*) AS entries FROM influence_ledger WHERE realm_id = $1 AND tick = $2",
    [realm, tick],
  );
  return rows[0]!.entries;
}

/** A user's first accepted event binds the user. Who is bound stays so. */
async function insertMemberships(transaction: Transaction, realm: string, entries: Entry[]): Promise<void> {
  const firsts = new Map<string, Entry>();
  for (const entry of entries) if (!firsts.has(entry.user_id)) firsts.set(entry.user_id, entry);
  const members = [...firsts.values()];
  for (let start = 0; start < members.length; start += MAX_ROWS)
    await transaction.query({
      name: "insert memberships",
      text: `INSERT INTO memberships (realm_id, user_id, faction_id, source_event_id, created_at)
        SELECT $1, user_id, faction_id, event_id, received_at
        FROM jsonb_to_recordset($2::jsonb) AS r (user_id text, faction_id text, event_id text, received_at timestamptz)
        ON CONFLICT DO NOTHING`,
      values: [realm, storableJson(members.slice(start, start + MAX_ROWS))],
    });
}
