import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyNew, line } from "./database/copy.ts";
import { inTransaction, openDatabase } from "./database/database.ts";
import { silent, type TestPostgres, testPostgres } from "./testing/database.ts";

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());

test("rows that Postgres takes no answer to fail after a statement's time, with their transaction and nothing else", async () => {
  const { urls, database } = await postgres.fresh();
  await database.query("CREATE TABLE one (a integer PRIMARY KEY)");
  const holder = await database.connect();
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE one");
  const hasty = openDatabase(urls.admin, { log: silent, statementMs: 500 });
  const since = Date.now();
  const copied = inTransaction(hasty, (transaction) =>
    copyNew(transaction, { into: "one", columns: "a" }, [line("1"), line("2")], () => undefined),
  );
  await expect(copied).rejects.toThrow("Query read timeout");
  expect(Date.now() - since).toBeLessThan(950);
  await holder.query("ROLLBACK");
  holder.release();
  await delay(100); // An error that nobody hears would end the process by now.
  expect((await hasty.query("SELECT * FROM one")).rows).toEqual([]);
  await hasty.end();
});
