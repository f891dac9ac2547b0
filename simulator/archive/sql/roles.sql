-- The three roles of the archive and its two schemas, made by an administrator of the database: npm run archive:migrate with
-- AMOI_DATABASE_ADMIN_URL runs this file, and so does psql -v ON_ERROR_STOP=1 --single-transaction -f simulator/archive/sql/roles.sql.
-- Repeating it changes nothing. The roles get their passwords afterwards (\password amoi_archive, and so on).

DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['amoi_migrate', 'amoi_archive', 'amoi_read'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', role);
    END IF;
  END LOOP;
  -- An administrator who is no superuser must be a member to hand objects over.
  IF NOT pg_has_role(current_user, 'amoi_migrate', 'USAGE') THEN
    GRANT amoi_migrate TO CURRENT_USER;
  END IF;
  EXECUTE format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO amoi_migrate', current_database());
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO amoi_archive', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO amoi_read', current_database());
END $$;

-- Owns the tables. A migration may rewrite a table of any size; a lock that it can't get soon is somebody to talk to.
ALTER ROLE amoi_migrate SET search_path = amoi, pg_temp;
ALTER ROLE amoi_migrate SET statement_timeout = '24h';
ALTER ROLE amoi_migrate SET lock_timeout = '60s';
ALTER ROLE amoi_migrate SET idle_in_transaction_session_timeout = '10min';

-- Adds rows. Its longest statement is the COPY of 8 MiB of bodies, which takes a second.
ALTER ROLE amoi_archive SET search_path = amoi, pg_temp;
ALTER ROLE amoi_archive SET statement_timeout = '60s';
ALTER ROLE amoi_archive SET lock_timeout = '10s';
ALTER ROLE amoi_archive SET idle_in_transaction_session_timeout = '60s';

-- Reads the views. Whoever needs longer for a report says so in their own session: SET statement_timeout = '10min'.
ALTER ROLE amoi_read SET search_path = amoi_read, pg_temp;
ALTER ROLE amoi_read SET default_transaction_read_only = on;
ALTER ROLE amoi_read SET statement_timeout = '60s';
ALTER ROLE amoi_read SET lock_timeout = '5s';
ALTER ROLE amoi_read SET idle_in_transaction_session_timeout = '60s';

CREATE SCHEMA IF NOT EXISTS amoi AUTHORIZATION amoi_migrate;
CREATE SCHEMA IF NOT EXISTS amoi_read AUTHORIZATION amoi_migrate;

-- Until migration 0003 the archive lay in `public`. Its own tables and functions move, known by the hash of its first migration,
-- with their rows, indexes, grants, comments and whatever depends on them; everything else in `public` stays as it is.
DO $$
DECLARE
  ours CONSTANT text[] := ARRAY['migrations', 'realms', 'seasons', 'rulesets', 'factions', 'memberships', 'territories',
    'world_triggers', 'sovereign_actions', 'world_state_snapshots', 'world_events', 'influence_ledger', 'archive_positions'];
  first CONSTANT text := '1d2151a4fee638f82ed163b1cb6e59bfd2cc3c3014adec4ddd5a20f22b82482d';
  carried boolean;
  thing text;
BEGIN
  IF to_regclass('public.migrations') IS NULL OR to_regclass('amoi.migrations') IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE 'SELECT EXISTS (SELECT FROM public.migrations m WHERE to_jsonb(m) ->> ''sha256'' = $1)' INTO carried USING first;
  IF NOT carried THEN
    RETURN;
  END IF;
  FOR thing IN
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY (ours)
    UNION ALL
    SELECT i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent = to_regclass('public.world_events')
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO amoi_migrate', thing);
    EXECUTE format('ALTER TABLE %s SET SCHEMA amoi', thing);
  END LOOP;
  FOR thing IN
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.oid IN (to_regprocedure('public.refuse_change()'), to_regprocedure('public.open_partition(text)'))
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO amoi_migrate', thing);
    EXECUTE format('ALTER FUNCTION %s SET SCHEMA amoi', thing);
  END LOOP;
END $$;
