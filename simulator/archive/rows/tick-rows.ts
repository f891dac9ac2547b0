/**
 * The rows of a tick besides its ledger: the snapshot, and the realm as it is now, where what a ruleset dropped is gone. What was
 * is in the snapshots.
 */

import type { PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import { find, mapById } from "../../../shared/exact/by-id.ts";
import type { RecordedRuleset } from "../../../shared/past/upcast.ts";
import { nameFor } from "../../../shared/world/name-for.ts";
import type { Transaction } from "../database/database.ts";
import { toPostgresJsonText } from "../database/postgres-json.ts";
import { writeActions, writeSeasons } from "./politics.ts";
import type { NewRuleset } from "./tick-inputs.ts";

export type Tick = {
  record: TickRecord;
  state: PublicState;
  /** In force at this tick. */
  ruleset: RecordedRuleset;
  /** Those that came since the tick before. */
  rulesets: NewRuleset[];
  /** Who proposed the sovereign actions that came since the tick before, by id. */
  initiators: ReadonlyMap<string, string>;
};

/** The season that a realm begins with. */
export async function insertSeason(transaction: Transaction, realm: string, { state }: Tick): Promise<void> {
  await transaction.query(
    `INSERT INTO seasons (realm_id, season_id, started_tick, started_at) VALUES ($1, $2, $3, $4)
      ON CONFLICT DO NOTHING`,
    [realm, state.season, state.tick, state.at],
  );
}

export async function writeTick(transaction: Transaction, realm: string, tick: Tick): Promise<void> {
  await insertSnapshot(transaction, realm, tick);
  await insertRulesets(transaction, realm, tick);
  await transaction.query("UPDATE realms SET season_id = $2, world_clock = $3 WHERE realm_id = $1", [
    realm,
    tick.state.season,
    tick.state.at,
  ]);
  await setFactions(transaction, realm, tick);
  await setTerritories(transaction, realm, tick);
  await setTriggers(transaction, realm, tick);
  await writeActions(transaction, realm, tick.record, tick.state.actions, tick.initiators);
  await writeSeasons(transaction, realm, tick.record);
}

async function insertSnapshot(
  transaction: Transaction,
  realm: string,
  { record, state }: Tick,
): Promise<void> {
  await transaction.query({
    name: "insert snapshot",
    text: `INSERT INTO world_state_snapshots (realm_id, tick_number, faction_state_json, territory_state_json,
        resource_state_json, global_tension, catastrophe_meter, ruleset_version, hash, public_hash, state_json,
        record_json, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
    values: [
      realm,
      record.tick,
      toPostgresJsonText(state.factions),
      toPostgresJsonText(state.territories),
      toPostgresJsonText(mapById(state.factions, ({ resources }) => resources)),
      state.meters.global_tension,
      state.meters.catastrophe_meter,
      record.ruleset_version,
      record.hash,
      record.public_hash,
      toPostgresJsonText(state),
      toPostgresJsonText(record),
      record.at,
    ],
  });
}

async function insertRulesets(transaction: Transaction, realm: string, tick: Tick): Promise<void> {
  for (const { version, ruleset, at } of tick.rulesets)
    await transaction.query(
      `INSERT INTO rulesets (realm_id, version, engine, ruleset_json, since_tick, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [realm, version, ruleset.engine, toPostgresJsonText(ruleset), tick.record.tick, at],
    );
}

/** Deletes the realm's rows of a table but for these ids. */
const keepOnly = (
  transaction: Transaction,
  realm: string,
  { table, key }: { table: "factions" | "territories" | "world_triggers"; key: "id" | "trigger_key" },
  ids: string[],
) =>
  transaction.query({
    name: `keep ${table}`,
    text: `DELETE FROM ${table} WHERE realm_id = $1 AND ${key} <> ALL ($2::text[])`,
    values: [realm, ids],
  });

async function setFactions(transaction: Transaction, realm: string, { state, ruleset }: Tick): Promise<void> {
  const rows = Object.entries(state.factions).map(([id, { influence, share_bp }]) => ({
    id,
    name: nameFor(find(ruleset.factions, id)?.name ?? id, "vi"),
    influence,
    share_bp,
  }));
  await transaction.query({
    name: "set factions",
    text: `INSERT INTO factions (realm_id, id, name, influence_points, share_bp)
      SELECT $1, id, name, influence, share_bp
      FROM jsonb_to_recordset($2::jsonb) AS r (id text, name text, influence bigint, share_bp integer)
      ON CONFLICT (realm_id, id) DO UPDATE SET
        name = excluded.name, influence_points = excluded.influence_points, share_bp = excluded.share_bp`,
    values: [realm, toPostgresJsonText(rows)],
  });
  await keepOnly(transaction, realm, { table: "factions", key: "id" }, Object.keys(state.factions));
}

async function setTerritories(
  transaction: Transaction,
  realm: string,
  { state, ruleset }: Tick,
): Promise<void> {
  const rows = Object.entries(state.territories).map(([id, territory]) => ({
    ...territory,
    id,
    name: nameFor(find(ruleset.territories, id)?.name ?? id, "vi"),
  }));
  await transaction.query({
    name: "set territories",
    text: `INSERT INTO territories (realm_id, id, name, controller_faction_id, control_score_json, strategic_value,
        instability, last_changed_tick)
      SELECT $1, id, name, controller, control, strategic_value, instability, last_changed_tick
      FROM jsonb_to_recordset($2::jsonb) AS r (id text, name text, controller text, control jsonb,
        strategic_value integer, instability integer, last_changed_tick integer)
      ON CONFLICT (realm_id, id) DO UPDATE SET
        name = excluded.name, controller_faction_id = excluded.controller_faction_id,
        control_score_json = excluded.control_score_json, strategic_value = excluded.strategic_value,
        instability = excluded.instability, last_changed_tick = excluded.last_changed_tick`,
    values: [realm, toPostgresJsonText(rows)],
  });
  await keepOnly(transaction, realm, { table: "territories", key: "id" }, Object.keys(state.territories));
}

/** What the ruleset defines, with what the state says of it. */
async function setTriggers(transaction: Transaction, realm: string, { state, ruleset }: Tick): Promise<void> {
  const rows = ruleset.triggers.map((trigger) => {
    const { armed = 0, streak = 0, last_triggered_tick } = find(state.triggers, trigger.key) ?? {};
    return { ...trigger, armed: armed === 1, streak, last_triggered_tick };
  });
  const json = toPostgresJsonText(rows);
  await transaction.query({
    name: "set triggers",
    text: `INSERT INTO world_triggers (realm_id, trigger_key, condition_json, sustain_ticks, cooldown_ticks, rearm_json,
        priority, effect_json, armed, streak, last_triggered_tick)
      SELECT $1, key, "when", sustain, cooldown, rearm, priority, effects, armed, streak, last_triggered_tick
      FROM jsonb_to_recordset($2::jsonb) AS r (key text, "when" jsonb, sustain integer, cooldown integer, rearm jsonb,
        priority integer, effects jsonb, armed boolean, streak integer, last_triggered_tick integer)
      ON CONFLICT (realm_id, trigger_key) DO UPDATE SET
        condition_json = excluded.condition_json, sustain_ticks = excluded.sustain_ticks,
        cooldown_ticks = excluded.cooldown_ticks, rearm_json = excluded.rearm_json, priority = excluded.priority,
        effect_json = excluded.effect_json, armed = excluded.armed, streak = excluded.streak,
        last_triggered_tick = excluded.last_triggered_tick`,
    values: [realm, json],
  });
  const keys = rows.map(({ key }) => key);
  await keepOnly(transaction, realm, { table: "world_triggers", key: "trigger_key" }, keys);
}
