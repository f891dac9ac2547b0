/** What readers are given, held against the oracle. */
import { pino } from "pino";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { openDatabase } from "../../simulator/archive/database/database.ts";
import { checkAgreement } from "../../simulator/archive/rebuild/agreement.ts";
import { VIEWS } from "../../simulator/archive/rebuild/own-tables.ts";
import type { OracleReport } from "./oracle.ts";

/** KV and Postgres against the oracle's verdict. */
export async function compareReaders(
  bus: Bus,
  databaseUrl: string,
  realm: string,
  verdict: OracleReport,
): Promise<string[]> {
  const problems: string[] = [];
  const world = await lastOf(bus, "KV_world", kvSubject("world", realm));
  const snapshot = JSON.parse(world!.text()) as WorldSnapshot;
  if (snapshot.tick === verdict.ticks && snapshot.public_hash !== verdict.hash)
    problems.push(`KV world has hash ${snapshot.public_hash}, the oracle ${verdict.hash}`);
  const pool = openDatabase(databaseUrl, {
    log: pino({ level: "silent" }),
    schema: VIEWS,
    name: "chaos",
    max: 1,
  });
  try {
    const counted = await pool.query(
      "SELECT validity_status AS status, count(*)::int AS n FROM world_events WHERE realm_id = $1 AND source_type = 'player' AND stream <> 'WORLD' GROUP BY 1",
      [realm],
    );
    const have = Object.fromEntries(counted.rows.map((row) => [row.status, row.n]));
    const want = {
      accepted: verdict.bodies[subjects.accepted(realm)] ?? 0,
      quarantined: verdict.bodies[subjects.quarantined(realm)] ?? 0,
      rejected:
        (verdict.bodies[subjects.rejected(realm)] ?? 0) +
        (verdict.bodies[subjects.ingestRejected(realm)] ?? 0),
    };
    for (const [status, n] of Object.entries(want))
      if ((have[status] ?? 0) !== n)
        problems.push(`Postgres holds ${have[status] ?? 0} ${status} events, not ${n}`);
    const { rows } = await pool.query<{ told: number }>(
      "SELECT count(*)::int AS told FROM world_events WHERE realm_id = $1 AND stream = 'WORLD'",
      [realm],
    );
    if (rows[0]!.told !== verdict.told)
      problems.push(`Postgres holds ${rows[0]!.told} rows of what ticks told, not ${verdict.told}`);
    problems.push(...(await checkAgreement(pool, realm)).problems);
  } finally {
    await pool.end();
  }
  return problems;
}
