-- What happened is written once, thousands of times a second, and read seldom: `json` keeps the very text of a body, where
-- `jsonb` took half of the server's time for a row. Casts give whoever needs its operators `payload_json::jsonb`.
-- Rewrites every partition, so on a large archive it takes its time, once.
ALTER TABLE world_events ALTER COLUMN payload_json TYPE json USING payload_json::json;
