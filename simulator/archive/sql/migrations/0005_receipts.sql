-- What story engines report of their players for the record alone: chapters as they were told, and who was active on a day. A
-- report comes once by its player and key, however often it is sent; world_events has every one that came.
CREATE TABLE receipts (
  realm_id        text COLLATE "C" NOT NULL REFERENCES realms,
  user_id         text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  kind            text COLLATE "C" NOT NULL,
  command_id      text COLLATE "C" NOT NULL,
  payload_json    jsonb NOT NULL,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (realm_id, user_id, idempotency_key)
);
CREATE INDEX receipts_created ON receipts USING brin (created_at);
