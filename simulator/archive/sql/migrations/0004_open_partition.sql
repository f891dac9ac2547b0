-- Partitions are made by the tables' owner on behalf of the archive, whose role owns nothing. The search path is the one that the
-- function was made under, with temporary tables last, so that no caller's objects are found in place of the archive's own.
CREATE OR REPLACE FUNCTION open_partition(realm text) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  partition text := 'world_events_' || realm;
BEGIN
  IF realm IS NULL OR realm !~ '^[a-z0-9][a-z0-9_-]{0,31}$' THEN
    RAISE EXCEPTION '% is no id of a realm', realm USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF to_regclass(quote_ident(partition)) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF world_events FOR VALUES IN (%L)', partition, realm);
  EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
  EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', partition);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'amoi_archive') THEN
    EXECUTE format('GRANT SELECT, INSERT ON %I TO amoi_archive', partition);
  END IF;
END $$;
REVOKE ALL ON FUNCTION open_partition(text) FROM PUBLIC;
