-- What everybody else reads: a view for each table, in the schema `amoi_read`. Their names and columns are a contract: a release may
-- add columns at the end, and changes or drops none. They outlive a rebuild, with whatever is built on them.
-- Points and stocks are thousandths, shares and control basis points, times those of the log.

CREATE OR REPLACE VIEW amoi_read.world_state_snapshots AS
  SELECT id, realm_id, tick_number, faction_state_json, territory_state_json, resource_state_json, global_tension,
    catastrophe_meter, created_at, ruleset_version, hash, public_hash, state_json, record_json
  FROM world_state_snapshots;

CREATE OR REPLACE VIEW amoi_read.world_events AS
  SELECT id, realm_id, source_type, source_id, event_type, payload_json, weight, validity_status, reason, created_at,
    stream, stream_seq, frame_index
  FROM world_events;

CREATE OR REPLACE VIEW amoi_read.influence_ledger AS
  SELECT id, realm_id, user_id, faction_id, influence_points, source_event_id, normalized_points, daily_cap_bucket, created_at,
    tick, applied_points
  FROM influence_ledger;

CREATE OR REPLACE VIEW amoi_read.territories AS
  SELECT id, realm_id, name, controller_faction_id, control_score_json, strategic_value, instability, last_changed_tick
  FROM territories;

CREATE OR REPLACE VIEW amoi_read.world_triggers AS
  SELECT id, realm_id, trigger_key, condition_json, cooldown_ticks, last_triggered_tick, effect_json, sustain_ticks, rearm_json,
    priority, armed, streak
  FROM world_triggers;

CREATE OR REPLACE VIEW amoi_read.sovereign_actions AS
  SELECT id, realm_id, faction_id, initiator_user_id, action_type, cost, status, created_at
  FROM sovereign_actions;

CREATE OR REPLACE VIEW amoi_read.realms AS
  SELECT realm_id, name, status, season_id, world_clock, created_at
  FROM realms;

CREATE OR REPLACE VIEW amoi_read.seasons AS
  SELECT realm_id, season_id, started_tick, started_at, ended_tick, ended_at, results_json
  FROM seasons;

CREATE OR REPLACE VIEW amoi_read.factions AS
  SELECT realm_id, id, name, influence_points, share_bp
  FROM factions;

CREATE OR REPLACE VIEW amoi_read.memberships AS
  SELECT realm_id, user_id, faction_id, source_event_id, cohort, created_at
  FROM memberships;

CREATE OR REPLACE VIEW amoi_read.rulesets AS
  SELECT realm_id, version, engine, ruleset_json, since_tick, created_at
  FROM rulesets;

-- How far each stream is archived.
CREATE OR REPLACE VIEW amoi_read.archive_positions AS
  SELECT realm_id, stream, created, through, updated_at
  FROM archive_positions;

CREATE OR REPLACE VIEW amoi_read.receipts AS
  SELECT realm_id, user_id, idempotency_key, kind, command_id, payload_json, created_at
  FROM receipts;
