import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { silent, type TestPostgres, testPostgres } from "../testing/database.ts";
import { type Database, openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

let postgres: TestPostgres;
let database: Database;
let url: string;
let dir: string;
let folder: URL;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  const empty = await postgres.empty();
  database = empty.database;
  url = empty.urls.admin;
  dir = await mkdtemp(join(tmpdir(), "amoisekai-migrations-"));
  folder = pathToFileURL(`${dir}/`);
  await writeFile(join(dir, "0001_one.sql"), "CREATE TABLE one (a integer);");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test("each migration is applied once, also by two archives at once", async () => {
  const both = await Promise.all([migrate(database, { folder }), migrate(database, { folder })]);
  expect(both.flat()).toEqual(["0001_one.sql"]);
  await writeFile(join(dir, "0002_two.sql"), "ALTER TABLE one ADD b integer; CREATE TABLE two (a integer);");
  expect(await migrate(database, { folder })).toEqual(["0002_two.sql"]);
  expect(await migrate(database, { folder })).toEqual([]);
});

test("a migration that was changed after it had been applied is refused by name", async () => {
  await migrate(database, { folder });
  await writeFile(join(dir, "0001_one.sql"), "CREATE TABLE one (a bigint);");
  await expect(migrate(database, { folder })).rejects.toThrow(
    "migration 0001_one.sql was changed after it had been applied",
  );
});

test("a database of a newer version is refused", async () => {
  await writeFile(join(dir, "0002_two.sql"), "SELECT 1;");
  await migrate(database, { folder });
  await rm(join(dir, "0002_two.sql"));
  await expect(migrate(database, { folder })).rejects.toThrow("which this release doesn't know");
});

test("a migration that fails leaves the database as it was", async () => {
  await writeFile(join(dir, "0002_two.sql"), "CREATE TABLE two (a integer); SELECT nonsense;");
  await expect(migrate(database, { folder })).rejects.toThrow("0002_two.sql failed, nothing was changed");
  const { rows } = await database.query(
    "SELECT to_regclass('one') AS one, to_regclass('migrations') AS migrations",
  );
  expect(rows).toEqual([{ one: null, migrations: null }]);
});

test("a gap in the numbers is refused", async () => {
  await writeFile(join(dir, "0003_three.sql"), "SELECT 1;");
  await expect(migrate(database, { folder })).rejects.toThrow("0003_three.sql is not number 2");
});

test("a migration may take longer than any other statement, and who waits for it waits as long", async () => {
  await writeFile(join(dir, "0002_two.sql"), "SELECT pg_sleep(1);");
  const hasty = openDatabase(url, { log: silent, statementMs: 500 });
  const both = await Promise.all([migrate(hasty, { folder }), migrate(hasty, { folder })]);
  expect(both.flat()).toEqual(["0001_one.sql", "0002_two.sql"]);
  await hasty.end();
});
