/** The ledger: what each accepted event of a tick moved, and what game masters took back of it. */

import type { Accepted } from "../../../shared/contracts/decision.ts";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { appliedPoints } from "../../../shared/world/applied.ts";
import { copyNew, integer, line, text } from "../database/copy.ts";
import type { Transaction } from "../database/database.ts";
import type { Source } from "./told-rows.ts";

/** What the ledger needs of a decision: about 200 bytes, where the decision takes 2 KB and a long tick has a million. */
export type Entry = Pick<
  Accepted,
  | "event_id"
  | "event_type"
  | "user_id"
  | "faction_id"
  | "base_points"
  | "normalized_points"
  | "daily_cap_bucket"
  | "received_at"
>;

export type Ledger = {
  entries: Entry[];
  /** Milli-points by event id. */
  applied: Map<string, number>;
  /** Milli-points by faction. */
  sums: Map<string, number>;
};

/** Ledger entries of a tick's events. */
export function ledgerOf(entries: Entry[], record: Pick<TickRecord, "engine" | "factions">): Ledger {
  const applied = appliedPoints(entries, record);
  const sums = new Map<string, number>();
  for (const { event_id, faction_id } of entries)
    sums.set(faction_id, (sums.get(faction_id) ?? 0) + applied.get(event_id)!);
  return { entries, applied, sums };
}

/** The ledger with a row for each void of the tick, negative, and for each that was undone, under the command's id. */
export function withRepairs(
  ledger: Ledger,
  { events }: Pick<TickRecord, "events">,
  sources: ReadonlyMap<string, Source>,
): Ledger {
  const { entries, applied, sums } = ledger;
  for (const event of events) {
    if (event.kind !== "void" && event.kind !== "restore") continue;
    const repairs = sources.get(event.id)?.repairs;
    if (repairs === undefined) continue;
    const sign = event.kind === "void" ? -1 : 1;
    const { user, normalized, day } = repairs.counted;
    entries.push({
      event_id: event.id,
      event_type: "influence_gain",
      user_id: user,
      faction_id: event.faction,
      base_points: 0,
      normalized_points: sign * normalized,
      daily_cap_bucket: day,
      received_at: repairs.at,
    });
    applied.set(event.id, sign * event.points);
    sums.set(event.faction, (sums.get(event.faction) ?? 0) + sign * event.points);
  }
  return ledger;
}

const COLUMNS = `realm_id, tick, user_id, faction_id, influence_points, source_event_id, normalized_points, applied_points,
  daily_cap_bucket, created_at`;
/** Lines are made and sent so many at a time: a tick may have a million. */
const MAX_ROWS = 20_000;

/**
 * Writes a tick's ledger. Answers a sentence for each event that Postgres refused, and for all those that stood in the ledger
 * of another tick already, and stay there.
 */
export async function insertLedger(
  transaction: Transaction,
  realm: string,
  tick: number,
  { entries, applied }: Ledger,
): Promise<string[]> {
  const lineOf = (entry: Entry) =>
    line(
      realm,
      `${tick}`,
      text(entry.user_id),
      text(entry.faction_id),
      integer(entry.base_points * 1_000),
      text(entry.event_id),
      integer(entry.normalized_points),
      integer(applied.get(entry.event_id)),
      text(entry.daily_cap_bucket),
      text(entry.received_at),
    );
  const target = { into: "influence_ledger", columns: COLUMNS };
  const problems: string[] = [];
  let inserted = 0;
  for (let start = 0; start < entries.length; start += MAX_ROWS) {
    const part = entries.slice(start, start + MAX_ROWS);
    inserted += await copyNew(transaction, target, part.map(lineOf), (i, error) => {
      problems.push(`tick ${tick}: event ${part[i]!.event_id} has no row, it was refused: ${error}`);
      return undefined;
    });
  }
  const written = inserted + problems.length;
  if (written === entries.length) return problems;
  const repeated = entries.length - problems.length - (await countLedger(transaction, realm, tick));
  if (repeated > 0) problems.push(`tick ${tick}: ${repeated} events had counted in an earlier tick`);
  return problems;
}

async function countLedger(transaction: Transaction, realm: string, tick: number): Promise<number> {
  const { rows } = await transaction.query<{ entries: number }>(
    "SELECT count(*) AS entries FROM influence_ledger WHERE realm_id = $1 AND tick = $2",
    [realm, tick],
  );
  return rows[0]!.entries;
}
