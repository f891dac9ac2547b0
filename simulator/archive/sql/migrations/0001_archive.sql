-- The archive of every realm, written by simulator/archive alone. Points and stocks are thousandths (milli-points), shares
-- and control basis points, times those of the log: `created_at` is when a thing happened, never when it was archived.
-- Ids compare by code unit, as everywhere in the pipeline, hence COLLATE "C".

CREATE TABLE realms (
  realm_id    text COLLATE "C" PRIMARY KEY,
  name        text NOT NULL,
  status      text NOT NULL CHECK (status IN ('active', 'maintenance', 'season_end')),
  season_id   integer NOT NULL,
  -- The time of the last archived tick.
  world_clock timestamptz NOT NULL,
  created_at  timestamptz NOT NULL
);

CREATE TABLE seasons (
  realm_id     text COLLATE "C" NOT NULL REFERENCES realms,
  season_id    integer NOT NULL,
  started_tick integer NOT NULL,
  started_at   timestamptz NOT NULL,
  ended_tick   integer,
  ended_at     timestamptz,
  results_json jsonb,
  PRIMARY KEY (realm_id, season_id)
);

-- A ruleset is part of the log, never edited: a change is the next version.
CREATE TABLE rulesets (
  realm_id     text COLLATE "C" NOT NULL REFERENCES realms,
  version      integer NOT NULL,
  engine       integer NOT NULL,
  ruleset_json jsonb NOT NULL,
  -- The first tick that was run after it was set.
  since_tick   integer NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (realm_id, version)
);

CREATE TABLE factions (
  realm_id         text COLLATE "C" NOT NULL REFERENCES realms,
  id               text COLLATE "C" NOT NULL,
  name             text NOT NULL,
  influence_points bigint NOT NULL,
  share_bp         integer NOT NULL,
  PRIMARY KEY (realm_id, id)
);

CREATE TABLE memberships (
  realm_id        text COLLATE "C" NOT NULL REFERENCES realms,
  user_id         text COLLATE "C" NOT NULL,
  faction_id      text COLLATE "C" NOT NULL,
  -- The accepted event that bound the user.
  source_event_id text COLLATE "C",
  cohort          text,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (realm_id, user_id)
);

CREATE TABLE territories (
  realm_id              text COLLATE "C" NOT NULL REFERENCES realms,
  id                    text COLLATE "C" NOT NULL,
  name                  text NOT NULL,
  controller_faction_id text COLLATE "C",
  control_score_json    jsonb NOT NULL,
  strategic_value       integer NOT NULL,
  instability           integer NOT NULL,
  last_changed_tick     integer NOT NULL,
  PRIMARY KEY (realm_id, id)
);

CREATE TABLE world_triggers (
  id                  bigint GENERATED ALWAYS AS IDENTITY,
  realm_id            text COLLATE "C" NOT NULL REFERENCES realms,
  trigger_key         text COLLATE "C" NOT NULL,
  condition_json      jsonb NOT NULL,
  sustain_ticks       integer NOT NULL,
  cooldown_ticks      integer NOT NULL,
  rearm_json          jsonb NOT NULL,
  priority            integer NOT NULL,
  effect_json         jsonb NOT NULL,
  armed               boolean NOT NULL,
  streak              integer NOT NULL,
  last_triggered_tick integer,
  PRIMARY KEY (realm_id, trigger_key)
);

CREATE TABLE sovereign_actions (
  realm_id          text COLLATE "C" NOT NULL REFERENCES realms,
  id                text COLLATE "C" NOT NULL,
  faction_id        text COLLATE "C" NOT NULL,
  initiator_user_id text COLLATE "C",
  action_type       text NOT NULL,
  cost              bigint NOT NULL,
  status            text NOT NULL,
  created_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, id)
);

-- A row per tick, tick 0 included.
CREATE TABLE world_state_snapshots (
  id                   bigint GENERATED ALWAYS AS IDENTITY,
  realm_id             text COLLATE "C" NOT NULL REFERENCES realms,
  tick_number          integer NOT NULL,
  faction_state_json   jsonb NOT NULL,
  territory_state_json jsonb NOT NULL,
  -- Stocks by faction.
  resource_state_json  jsonb NOT NULL,
  global_tension       integer NOT NULL,
  catastrophe_meter    integer NOT NULL,
  ruleset_version      integer NOT NULL,
  -- Of the tick's record, which the next record names.
  hash                 text COLLATE "C" NOT NULL,
  public_hash          text COLLATE "C" NOT NULL,
  -- The whole public state, and the record that the tick left in the stream.
  state_json           jsonb NOT NULL,
  record_json          jsonb NOT NULL,
  created_at           timestamptz NOT NULL,
  PRIMARY KEY (realm_id, tick_number)
);

-- Everything that anybody asked of a realm, with the verdict. A review of an event is a further row with its `id`, so the
-- key is the place in the stream: message and position in its frame.
CREATE TABLE world_events (
  realm_id        text COLLATE "C" NOT NULL,
  stream          text COLLATE "C" NOT NULL,
  stream_seq      bigint NOT NULL,
  frame_index     integer NOT NULL,
  -- `event_id` or `command_id`; `raw-<sequence>` for what ingest could not read.
  id              text COLLATE "C" NOT NULL,
  source_type     text NOT NULL CHECK (source_type IN ('player', 'system', 'gm')),
  source_id       text COLLATE "C",
  event_type      text NOT NULL,
  payload_json    jsonb NOT NULL,
  -- Milli-points after factors and caps.
  weight          bigint NOT NULL,
  validity_status text NOT NULL CHECK (validity_status IN ('accepted', 'quarantined', 'rejected')),
  reason          text,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (realm_id, stream, stream_seq, frame_index)
) PARTITION BY LIST (realm_id);
CREATE INDEX world_events_id ON world_events (id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused, a correction is a further row', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- ALWAYS: also for a session that has switched ordinary triggers off.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON world_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE world_events ENABLE ALWAYS TRIGGER append_only;

-- A statement's triggers are those of the table it names, so each partition has its own.
CREATE FUNCTION open_partition(realm text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  partition text := 'world_events_' || realm;
BEGIN
  IF to_regclass(quote_ident(partition)) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF world_events FOR VALUES IN (%L)', partition, realm);
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
  EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', partition);
END $$;

-- What each accepted event moved, written when its tick is archived: one row per event, for good.
CREATE TABLE influence_ledger (
  id                bigint GENERATED ALWAYS AS IDENTITY,
  realm_id          text COLLATE "C" NOT NULL,
  tick              integer NOT NULL,
  user_id           text COLLATE "C" NOT NULL,
  faction_id        text COLLATE "C" NOT NULL,
  -- What the player's action claimed; `normalized_points` what factors and caps left of it; `applied_points` what the
  -- faction received, with its gain and after its burst cap.
  influence_points  bigint NOT NULL,
  source_event_id   text COLLATE "C" NOT NULL,
  normalized_points bigint NOT NULL,
  applied_points    bigint NOT NULL,
  daily_cap_bucket  date NOT NULL,
  created_at        timestamptz NOT NULL,
  PRIMARY KEY (realm_id, source_event_id)
);
CREATE INDEX influence_ledger_tick ON influence_ledger (realm_id, tick, faction_id);
CREATE INDEX influence_ledger_user ON influence_ledger (realm_id, user_id, tick);

-- How far each stream is archived, moved in the transaction that archives. Of EVENTS the ledger needs everything after the
-- last snapshot's `through_seq` once more, so it may be purged up to the lower of the two.
CREATE TABLE archive_positions (
  realm_id   text COLLATE "C" NOT NULL REFERENCES realms,
  stream     text COLLATE "C" NOT NULL,
  -- When the stream was created, as NATS says: another stream of that name is another log.
  created    text NOT NULL,
  through    bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (realm_id, stream)
);
