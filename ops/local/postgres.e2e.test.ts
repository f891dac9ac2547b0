import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LocalServer } from "./nats.ts";
import { type PostgresOptions, startPostgres } from "./postgres.ts";
import { LocalSetupError } from "./setup-error.ts";

let dir: string;
const started: LocalServer[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "postgres-"));
});
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

async function start(options: Partial<PostgresOptions> = {}): Promise<LocalServer> {
  const server = await startPostgres({ dir, ...options });
  started.push(server);
  return server;
}

async function query(server: LocalServer, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

test("PostgreSQL 15 or newer starts, durable, and listens on the loopback only", async () => {
  const server = await start();
  const [row] = await query(
    server,
    `select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
       current_setting('listen_addresses') as listens, current_database() as database, pg_postmaster_start_time() is not null as up`,
  );
  expect(row).toMatchObject({ fsync: "on", listens: "127.0.0.1", database: "amoisekai", up: true });
  expect(row!.version).toBeGreaterThanOrEqual(150_000);
  expect(Number((await readFile(join(dir, "data/postmaster.pid"), "utf8")).split("\n")[0])).toBe(server.pid);
}, 60_000);

test("committed rows are there after kill -9 and a restart on the same port", async () => {
  const first = await start();
  await query(first, "create table kept as select generate_series(1, 10) as n");
  await first.kill();

  const second = await start({ port: first.port });
  expect(second.url).toBe(first.url);
  expect(await query(second, "select count(*)::int as n from kept")).toEqual([{ n: 10 }]);
}, 60_000);

test("a lock whose process number now belongs to somebody else does not block a start", async () => {
  const first = await start({ durable: false });
  await first.kill();
  const lock = join(dir, "data/postmaster.pid");
  const [, ...rest] = (await readFile(lock, "utf8")).split("\n");
  await writeFile(lock, [process.pid, ...rest].join("\n"));
  const second = await start({ durable: false });
  expect(await query(second, "show fsync")).toEqual([{ fsync: "off" }]);
}, 60_000);

test("a second server on the same data is refused in one sentence", async () => {
  await start({ durable: false });
  await expect(startPostgres({ dir })).rejects.toThrow(LocalSetupError);
  await expect(startPostgres({ dir })).rejects.toThrow(/already runs on/);
}, 60_000);

test("a first start that was cut short leaves nothing that the next one stumbles over", async () => {
  await writeFile(join(dir, "password"), "from a start that never made a cluster\n");
  await mkdir(join(dir, "new-abandoned"));
  expect(await query(await start({ durable: false }), "select 1 as n")).toEqual([{ n: 1 }]);
  expect((await readdir(dir)).toSorted()).toEqual(["data", "password", "port", "postgres.log"]);
}, 60_000);

test("data within the project's folder and within a folder closed to others both work", async () => {
  const project = fileURLToPath(new URL("../../.data/", import.meta.url));
  await mkdir(project, { recursive: true });
  const inProject = await mkdtemp(join(project, "test-"));
  try {
    expect(await query(await start({ dir: inProject, durable: false }), "select 1 as n")).toEqual([{ n: 1 }]);
  } finally {
    await started.pop()?.stop();
    await rm(inProject, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
  // `dir` has mode 700 and belongs to whoever runs this, as root's home does.
  expect(await query(await start({ dir: join(dir, "inner"), durable: false }), "select 1 as n")).toEqual([
    { n: 1 },
  ]);
}, 60_000);
