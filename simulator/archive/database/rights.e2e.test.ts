import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, type TestPostgres, testPostgres } from "../testing/database.ts";
import { excessOf, ROLES } from "./rights.ts";

let postgres: TestPostgres;
let fresh: TestDatabase;
const clients = new Map<Role, pg.Client>();
type Role = keyof typeof ROLES;

beforeAll(async () => {
  postgres = await testPostgres();
  fresh = await postgres.fresh();
  await fresh.database.query(`
    INSERT INTO realms VALUES ('r1', 'R', 'active', 1, now(), now());
    SELECT open_partition('r1');
    INSERT INTO world_events VALUES ('r1', 'EVENTS', 1, 0, 'e', 'player', 'u', 'influence_gain', '{}', 1, 'accepted', NULL, now());
    INSERT INTO influence_ledger (realm_id, tick, user_id, faction_id, influence_points, source_event_id, normalized_points,
      applied_points, daily_cap_bucket, created_at) VALUES ('r1', 1, 'u', 'f', 1, 'e', 1, 1, now(), now());
    CREATE TABLE public.guests (n integer)`);
  for (const role of Object.keys(ROLES) as Role[]) {
    const client = new pg.Client(fresh.urls[role]);
    await client.connect();
    clients.set(role, client);
  }
});
afterAll(async () => {
  for (const client of clients.values()) await client.end();
  await postgres.close();
});

const EVENT =
  "('r1', 'EVENTS', 2, 0, 'e2', 'player', 'u', 'influence_gain', '{}', 1, 'accepted', NULL, now())";
const LEDGER = `INSERT INTO amoi.influence_ledger (realm_id, tick, user_id, faction_id, influence_points, source_event_id,
  normalized_points, applied_points, daily_cap_bucket, created_at) VALUES ('r1', 1, 'u', 'f', 1, 'e2', 1, 1, now(), now())`;

/** Who may: a the archive, m who migrates, r who reads; whoever isn't named is refused by the server. */
const TABLE: [may: "" | "a" | "m" | "r" | "am" | "mr" | "amr", statement: string][] = [
  // What happened is added, and nothing else.
  ["am", `INSERT INTO amoi.world_events VALUES ${EVENT}`],
  ["am", `INSERT INTO amoi.world_events_r1 VALUES ${EVENT}`],
  ["", "UPDATE amoi.world_events SET weight = 2"],
  ["", "UPDATE amoi.world_events_r1 SET weight = 2"],
  ["", "DELETE FROM amoi.world_events"],
  ["", "DELETE FROM amoi.world_events_r1"],
  ["", "TRUNCATE amoi.world_events"],
  ["", "TRUNCATE amoi.world_events_r1"],
  [
    "",
    `INSERT INTO amoi.world_events VALUES ('r1', 'EVENTS', 1, 0, 'e', 'player', 'u', 'x', '{}', 1, 'accepted', NULL, now())
      ON CONFLICT (realm_id, stream, stream_seq, frame_index) DO UPDATE SET weight = 9`,
  ],
  ["", "MERGE INTO amoi.world_events e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE"],
  ["am", LEDGER],
  // Its owner may, who doesn't archive.
  ["m", "UPDATE amoi.influence_ledger SET applied_points = 9"],
  ["m", "DELETE FROM amoi.influence_ledger"],
  ["m", "TRUNCATE amoi.influence_ledger"],
  ["m", "SELECT * FROM amoi.influence_ledger FOR UPDATE"],
  ["m", "UPDATE amoi.world_state_snapshots SET hash = ''"],
  ["m", "DELETE FROM amoi.world_state_snapshots"],
  ["m", "UPDATE amoi.rulesets SET engine = 9"],
  ["m", "DELETE FROM amoi.realms WHERE false"],
  ["m", "DELETE FROM amoi.archive_positions"],
  ["m", "UPDATE amoi.migrations SET name = ''"],
  ["am", "UPDATE amoi.archive_positions SET through = 0"],
  ["am", "UPDATE amoi.realms SET status = 'active'"],
  ["am", "DELETE FROM amoi.factions"],
  // Nobody who archives takes the lock off.
  ["m", "ALTER TABLE amoi.world_events DISABLE TRIGGER append_only"],
  ["m", "ALTER TABLE amoi.world_events_r1 DISABLE TRIGGER append_only"],
  ["m", "DROP TRIGGER append_only ON amoi.world_events_r1"],
  [
    "m",
    "CREATE OR REPLACE FUNCTION amoi.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
  ],
  ["m", "CREATE OR REPLACE FUNCTION amoi.open_partition(realm text) RETURNS void LANGUAGE sql AS ''"],
  ["m", "ALTER TABLE amoi.world_events OWNER TO CURRENT_USER"],
  ["m", "ALTER TABLE amoi.world_events ADD COLUMN note text"],
  ["m", "ALTER TABLE amoi.world_events DETACH PARTITION amoi.world_events_r1"],
  ["m", "DROP TABLE amoi.world_events_r1"],
  ["m", "DROP TABLE amoi.influence_ledger CASCADE"],
  ["m", "CREATE RULE quiet AS ON INSERT TO amoi.world_events DO INSTEAD NOTHING"],
  ["m", "CREATE POLICY p ON amoi.influence_ledger USING (false)"],
  ["m", "ALTER SCHEMA amoi RENAME TO gone"],
  ["m", "DROP VIEW amoi_read.world_events"],
  [
    "",
    "GRANT UPDATE ON amoi.world_events TO amoi_archive, amoi_read; UPDATE amoi.world_events SET weight = 2",
  ],
  ["", "SET session_replication_role = replica"],
  ["m", "SET ROLE amoi_migrate"],
  ["m", "SET SESSION AUTHORIZATION amoi_migrate"],
  ["", "SET SESSION AUTHORIZATION DEFAULT; SET ROLE pg_write_server_files"],
  // Partitions are made for the archive, by the owner's function.
  ["am", "SELECT amoi.open_partition('r2')"],
  ["m", "CREATE TABLE amoi.world_events_r3 PARTITION OF amoi.world_events FOR VALUES IN ('r3')"],
  ["m", "CREATE TABLE amoi.more (n integer)"],
  ["am", "CREATE TEMPORARY TABLE staged AS SELECT * FROM amoi.world_events WITH NO DATA"],
  // Reading.
  ["amr", "SELECT 1"],
  ["am", "SELECT * FROM amoi.world_events"],
  ["mr", "SELECT * FROM amoi_read.world_events"],
  ["mr", "SELECT * FROM amoi_read.influence_ledger"],
  ["m", "UPDATE amoi_read.influence_ledger SET applied_points = 9"],
  ["m", "DELETE FROM amoi_read.influence_ledger"],
  ["m", "INSERT INTO amoi_read.realms VALUES ('r9', 'R', 'active', 1, now(), now())"],
  ["", "DELETE FROM amoi_read.world_events"],
  // The rest of the database, and the machine.
  ["", "SELECT * FROM public.guests"],
  ["", "CREATE TABLE public.mine (n integer)"],
  ["m", "CREATE SCHEMA mine"],
  ["", "CREATE ROLE friend"],
  // Everybody's own.
  ["m", "ALTER ROLE amoi_migrate PASSWORD 'known'"],
  ["", "ALTER ROLE CURRENT_USER SUPERUSER"],
  ["", "GRANT amoi_migrate TO amoi_archive, amoi_read"],
  ["", "COPY (SELECT 1) TO PROGRAM 'true'"],
  ["", "COPY pg_temp.x FROM PROGRAM 'true'"],
  ["", "COPY (SELECT 1) TO '/tmp/amoisekai-not-written'"],
  ["", "SELECT pg_read_file('/etc/hostname')"],
  ["", "SELECT lo_import('/etc/hostname')"],
  ["", "SELECT rolpassword FROM pg_authid"],
  ["", "CREATE EXTENSION dblink"],
  ["", "CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE c AS 'f'"],
  ["", "CREATE PUBLICATION everything FOR ALL TABLES"],
  ["", "CHECKPOINT"],
];

/** Whether the server lets the role do it; any other error says that it would, or that it never came so far. */
async function allowed(client: pg.Client, statement: string): Promise<boolean> {
  // What a role may do isn't what its settings begin with: a session may change those.
  await client.query("BEGIN READ WRITE");
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    if (error.code === "42501") return false;
    throw new Error(`${statement}: ${error.code} ${error.message}`);
  } finally {
    await client.query("ROLLBACK");
    await client.query("RESET ROLE; RESET SESSION AUTHORIZATION");
  }
}

test("each role may do on a real server what the table says, and no more", async () => {
  const tried: string[] = [];
  for (const [, statement] of TABLE) {
    const may = [];
    for (const role of ["archive", "migrate", "read"] as const)
      if (await allowed(clients.get(role)!, statement)) may.push(role[0]);
    tried.push(`${may.join("")}: ${statement}`);
  }
  expect(tried).toEqual(TABLE.map(([may, statement]) => `${may}: ${statement}`));
});

test("what can't be tried in a transaction is refused to all of them", async () => {
  const statements = [
    "CREATE DATABASE mine",
    "ALTER SYSTEM SET log_statement = 'all'",
    `DROP DATABASE ${new URL(fresh.url).pathname.slice(1)}`,
  ];
  for (const url of [fresh.urls.archive, fresh.urls.migrate, fresh.urls.read]) {
    const client = new pg.Client({ connectionString: url, options: "-c default_transaction_read_only=off" });
    await client.connect();
    for (const statement of statements) {
      const code = statement.startsWith("DROP") ? /^(42501|55006)$/ : /^42501$/;
      await expect(client.query(statement), statement).rejects.toMatchObject({
        code: expect.stringMatching(code),
      });
    }
    await client.end();
  }
});

test("each role has its timeouts on the server, and who reads begins read-only", async () => {
  const settings = async (role: Role) => {
    const { rows } = await clients.get(role)!.query(
      `SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',
        'idle_in_transaction_session_timeout', 'default_transaction_read_only', 'search_path')`,
    );
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  };
  expect(await settings("archive")).toEqual({
    statement_timeout: "60000",
    lock_timeout: "10000",
    idle_in_transaction_session_timeout: "60000",
    default_transaction_read_only: "off",
    search_path: "amoi, pg_temp",
  });
  expect(await settings("read")).toEqual({
    statement_timeout: "60000",
    lock_timeout: "5000",
    idle_in_transaction_session_timeout: "60000",
    default_transaction_read_only: "on",
    search_path: "amoi_read, pg_temp",
  });
  expect(await settings("migrate")).toEqual({
    statement_timeout: "86400000",
    lock_timeout: "60000",
    idle_in_transaction_session_timeout: "600000",
    default_transaction_read_only: "off",
    search_path: "amoi, pg_temp",
  });
});

test("the function that makes partitions finds the archive's own tables, whatever its caller puts in their place", async () => {
  const client = clients.get("archive")!;
  await client.query(`
    CREATE TEMPORARY TABLE world_events (realm_id text) PARTITION BY LIST (realm_id);
    CREATE FUNCTION pg_temp.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    SET search_path = pg_temp, amoi;
    SELECT amoi.open_partition('shadowed')`);
  const { rows } = await fresh.database.query(`
    SELECT inhparent::regclass::text AS parent, pg_get_userbyid(c.relowner) AS owner, t.tgfoid::regprocedure::text AS trigger,
        t.tgenabled AS enabled
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'append_only'
      WHERE i.inhrelid = 'amoi.world_events_shadowed'::regclass`);
  expect(rows).toEqual([
    { parent: "world_events", owner: "amoi_migrate", trigger: "refuse_change()", enabled: "A" },
  ]);
  for (const wrong of ["", "r1'; DROP TABLE realms; --", "R1", "a".repeat(33), "é"])
    await expect(client.query("SELECT amoi.open_partition($1)", [wrong])).rejects.toThrow(
      "is no id of a realm",
    );
  await client.query("DISCARD ALL");
});

test("a role that could rewrite what happened is told from the archive's", async () => {
  expect(await excessOf(clients.get("archive")!)).toBeUndefined();
  expect(await excessOf(clients.get("migrate")!)).toBe("the role amoi_migrate owns the archive's tables");
  expect(await excessOf(fresh.database)).toMatch(/is a superuser$/);
});
