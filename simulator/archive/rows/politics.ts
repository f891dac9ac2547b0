/** Rows of what factions decide and seasons bring: from a tick's public state, its derived events and its commands. */
import type { PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import type { Transaction } from "../database/database.ts";
import { toPostgresJsonText } from "../database/postgres-json.ts";

/**
 * Sovereign actions: those of the public state, with who proposed them, and the last status of those that it dropped.
 * `actions` by id; `initiators`: who proposed them, known in the tick of the proposal only.
 */
export async function writeActions(
  transaction: Transaction,
  realm: string,
  record: TickRecord,
  actions: PublicState["actions"],
  initiators: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = Object.entries(actions).map(([id, action]) => ({
    ...action,
    id,
    initiator: initiators.get(id),
  }));
  if (rows.length > 0)
    await transaction.query({
      name: "set actions",
      text: `INSERT INTO sovereign_actions AS a (realm_id, id, faction_id, initiator_user_id, action_type, cost, status,
          created_at)
        SELECT $1, id, faction, initiator, action_type, cost, status, $3
        FROM jsonb_to_recordset($2::jsonb) AS r (id text, faction text, initiator text, action_type text, cost bigint,
          status text)
        ON CONFLICT (realm_id, id) DO UPDATE SET status = excluded.status, cost = excluded.cost,
          initiator_user_id = coalesce(a.initiator_user_id, excluded.initiator_user_id)`,
      values: [realm, toPostgresJsonText(rows), record.at],
    });
  for (const event of record.events)
    if (event.kind === "action" && event.status !== "opposed" && !Object.hasOwn(actions, event.id))
      await transaction.query("UPDATE sovereign_actions SET status = $3 WHERE realm_id = $1 AND id = $2", [
        realm,
        event.id,
        event.status,
      ]);
}

/** Seasons: what closes one and what opens the next are derived events; a close brings its results. */
export async function writeSeasons(
  transaction: Transaction,
  realm: string,
  { events, tick, at }: TickRecord,
): Promise<void> {
  for (const event of events) {
    if (event.kind !== "season") continue;
    if (event.step === "close")
      await transaction.query(
        `UPDATE seasons SET ended_tick = $3, ended_at = $4, results_json = $5 WHERE realm_id = $1 AND season_id = $2`,
        [realm, event.season, tick, at, toPostgresJsonText(event.results)],
      );
    else
      await transaction.query(
        `INSERT INTO seasons (realm_id, season_id, started_tick, started_at) VALUES ($1, $2, $3, $4)
          ON CONFLICT DO NOTHING`,
        [realm, event.season, tick, at],
      );
  }
}
