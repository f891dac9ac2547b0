/** Enters a realm into the archive: its row, its partition and where its streams begin. Repeating it changes nothing. */

import { RealmEntry } from "../../shared/provision/realm-entries.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { eventsStream, validStream, worldStream } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { type Database, inTransaction } from "./database/database.ts";
import { ArchiveRefused } from "./database/position.ts";
import { toPostgresText } from "./database/postgres-json.ts";

/** Any number, as long as it is the same in every archive: a partition is made by one at a time. */
const LOCK = 6_051_732;

export async function registerRealm(database: Database, bus: Bus, realm: string): Promise<void> {
  const message = await lastOf(bus, "KV_realms", kvSubject("realms", realm));
  if (message === undefined) throw new ArchiveRefused(`the bucket realms doesn't know ${realm}`);
  const { name, created_at } = RealmEntry.parse(JSON.parse(message.text()));
  const streams = [validStream(realm), eventsStream(realm), worldStream(realm)];
  const ends = await Promise.all(streams.map((stream) => streamEnds(bus, stream)));
  await inTransaction(database, async (transaction) => {
    await transaction.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await transaction.query(
      `INSERT INTO realms (realm_id, name, status, season_id, world_clock, created_at)
        VALUES ($1, $2, 'active', 1, $3, $3) ON CONFLICT DO NOTHING`,
      [realm, toPostgresText(name), created_at],
    );
    await transaction.query(
      `INSERT INTO archive_positions (realm_id, stream, created, through)
        SELECT $1, stream, created, 0 FROM unnest($2::text[], $3::text[]) AS s (stream, created)
        ON CONFLICT DO NOTHING`,
      [realm, streams, ends.map(({ created }) => created)],
    );
    await transaction.query("SELECT open_partition($1)", [realm]);
  });
}
