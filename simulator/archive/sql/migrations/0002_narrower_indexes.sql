-- A tick's rows of the ledger are found by its number, which grows: an index on that alone is appended to, where one that
-- ends in the faction is written all over.
DROP INDEX influence_ledger_tick;
CREATE INDEX influence_ledger_tick ON influence_ledger (realm_id, tick);

-- Reports go by time, and rows lie in its order: a summary per block range costs nothing to keep.
CREATE INDEX world_events_created ON world_events USING brin (created_at);
CREATE INDEX influence_ledger_created ON influence_ledger USING brin (created_at);

-- From here on `world_events` holds the tick markers too (`event_type` = 'tick'), so that a realm can be replayed from it alone.
-- An archive that began before has none of the ticks until then: `npm run archive:rebuild` fills them in.
