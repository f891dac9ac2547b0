import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { decided, play, REALM, started } from "../../testing/builders.ts";
import { inTransaction } from "../database/database.ts";
import { type TestPostgres, testPostgres } from "../testing/database.ts";
import { writeTick } from "./tick-rows.ts";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());

test("what a ruleset drops is no part of the realm as it is now: factions, territories and triggers", async () => {
  const { database } = await postgres.fresh();
  await database.query("INSERT INTO realms VALUES ($1, 'A realm', 'active', 1, now(), now())", [REALM]);
  const rules = await loadRuleset("amoi-1");
  const { veilborn: _faction, ...factions } = rules.factions;
  const { moon_stair: _territory, ...territories } = rules.territories;
  const fewer: Ruleset = { ...rules, factions, territories, triggers: rules.triggers.slice(1) };
  const set = decided({ kind: "ruleset.set", payload: { ruleset: fewer }, ruleset_version: 2 });
  const [after] = play(started(rules), [{ commands: [set] }]);
  const none = { rulesets: [], initiators: new Map() };
  for (const { record, state } of [started(rules), after!])
    await inTransaction(database, (transaction) =>
      writeTick(transaction, REALM, { ...none, record, state: state.public, ruleset: state.private.ruleset }),
    );
  const ids = async (table: string, key = "id") =>
    (await database.query(`SELECT ${key} AS id FROM ${table} ORDER BY 1`)).rows.map(({ id }) => id);
  expect(await ids("factions")).toEqual(Object.keys(factions).sort());
  expect(await ids("territories")).toEqual(Object.keys(territories).sort());
  expect(await ids("world_triggers", "trigger_key")).toEqual(fewer.triggers.map(({ key }) => key).sort());
});
