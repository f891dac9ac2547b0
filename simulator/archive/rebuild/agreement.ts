/** Whether an archive holds together: every tick follows the one before, and its ledger says what its factions gained. */

import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { FactionState, PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import type { Database, Transaction } from "../database/database.ts";
import { ledgerProblems } from "../rows/gains.ts";

/** `ticks`: how many were checked. `problems`: a sentence each; none when all agree. */
export type Agreement = { ticks: number; problems: string[] };

type Reading = Pick<Database | Transaction, "query">;

type Row = {
  tick: number;
  factions: Record<string, FactionState>;
  record: TickRecord;
  /** From when the length of the next tick counted, where that wasn't the record's `at`. */
  due_from: string | null;
  status: PublicState["status"];
  ruleset: Ruleset;
  /** Milli-points by faction, as the ledger sums them. */
  applied: Record<string, number>;
};

/** Ticks read at once. */
const PAGE = 500;

/**
 * Checks every archived tick of a realm. Per tick and faction three numbers must be one: Σ `applied_points` of the ledger,
 * `min(sum, cap)` of the tick's record, and the influence after the tick less what decay left of the influence before it.
 * Also: ticks without a gap from 0, each naming the record before it, and no row of the ledger outside them.
 */
export async function checkAgreement(database: Reading, realm: string): Promise<Agreement> {
  const problems: string[] = [];
  let before: Row | undefined;
  for (;;) {
    const rows = await readTicks(database, realm, before?.tick ?? -1);
    for (const row of rows) {
      problems.push(...(before === undefined ? checkFirst(row) : checkTick(before, row)));
      before = row;
    }
    if (rows.length < PAGE) break;
  }
  const last = before?.tick ?? -1;
  const { rows } = await database.query<{ tick: number; entries: number }>(
    `SELECT tick, count(*) AS entries FROM influence_ledger
      WHERE realm_id = $1 AND (tick < 1 OR tick > $2)
        AND NOT EXISTS (SELECT 1 FROM world_state_snapshots s
          WHERE s.realm_id = influence_ledger.realm_id AND s.tick_number = influence_ledger.tick AND tick > 0)
      GROUP BY tick ORDER BY tick`,
    [realm, last],
  );
  for (const { tick, entries } of rows)
    problems.push(`tick ${tick} has ${entries} ledger entries and no snapshot`);
  return { ticks: Math.max(0, last), problems };
}

async function readTicks(database: Reading, realm: string, after: number): Promise<Row[]> {
  const { rows } = await database.query<Row>(
    `SELECT s.tick_number AS tick, s.faction_state_json AS factions, s.record_json AS record,
        s.state_json ->> 'due_from' AS due_from, s.state_json ->> 'status' AS status, r.ruleset_json AS ruleset,
        coalesce(l.applied, '{}') AS applied
      FROM world_state_snapshots s
      JOIN rulesets r ON r.realm_id = s.realm_id AND r.version = s.ruleset_version
      LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(faction_id, points) AS applied
        FROM (SELECT faction_id, sum(applied_points) AS points FROM influence_ledger
          WHERE realm_id = s.realm_id AND tick = s.tick_number GROUP BY faction_id) AS sums
      ) AS l ON true
      WHERE s.realm_id = $1 AND s.tick_number > $2 ORDER BY s.tick_number LIMIT ${PAGE}`,
    [realm, after],
  );
  return rows;
}

function checkFirst({ tick, applied }: Row): string[] {
  if (tick !== 0) return [`the first archived tick is ${tick}, not 0`];
  return Object.keys(applied).length > 0 ? ["tick 0 has ledger entries"] : [];
}

function checkTick(before: Row, row: Row): string[] {
  const { tick, record, applied } = row;
  if (tick !== before.tick + 1) return [`tick ${tick} follows tick ${before.tick}`];
  const { factions, due_from, status } = before;
  const standing = { at: before.record.at, status, ...(due_from === null ? {} : { due_from }) };
  const problems = ledgerProblems({ factions, record: standing }, row, new Map(Object.entries(applied)));
  if (record.prev_hash !== before.record.hash)
    problems.push(
      `tick ${tick} names ${record.prev_hash} as the record before it, which is ${before.record.hash}`,
    );
  return problems;
}
