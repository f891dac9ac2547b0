import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { type Database, inTransaction } from "../database/database.ts";
import { accepted, type TestPostgres, testPostgres } from "../testing/database.ts";
import { type Binding, bindByCommand, bindByEvent, writeMembers } from "./members.ts";
import { writeActions, writeSeasons } from "./politics.ts";

const REALM = "amoi-1";
let postgres: TestPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  ({ database } = await postgres.fresh());
  await database.query("INSERT INTO realms VALUES ($1, 'A realm', 'active', 1, now(), now())", [REALM]);
});

const at = (tick: number) => `2026-03-01T10:0${tick}:00.000Z`;
/** A record as an engine with sovereign actions and seasons writes it. */
const recordOf = (tick: number, events: object[]) => ({ tick, at: at(tick), events }) as TickRecord;
const levy = { action_type: "iron_levy", faction: "empire", cost: 400_000, status: "proposed" };

test("a sovereign action is a row from its proposal on, with who proposed it and its last status", async () => {
  const write = (tick: number, events: object[], actions: object, initiators: [string, string][] = []) =>
    inTransaction(database, (transaction) =>
      writeActions(
        transaction,
        REALM,
        recordOf(tick, events),
        actions as Parameters<typeof writeActions>[3],
        new Map(initiators),
      ),
    );
  await write(1, [{ kind: "action", id: "a", status: "proposed" }], { a: levy, b: levy }, [
    ["a", "ada"],
    ["b", "bo"],
    ["refused", "eve"],
  ]);
  await write(2, [{ kind: "action", id: "a", status: "opposed", stake: 5 }], { a: levy, b: levy });
  // `b` lost its faction and is gone from the state; only its event says what became of it.
  await write(3, [{ kind: "action", id: "b", status: "cancelled" }], { a: { ...levy, status: "resolved" } });
  await write(4, [{ kind: "action", id: "a", status: "opposed" }], {});
  const { rows } = await database.query(
    "SELECT id, faction_id, initiator_user_id, action_type, cost, status, created_at FROM sovereign_actions ORDER BY id",
  );
  const row = { faction_id: "empire", action_type: "iron_levy", cost: 400_000, created_at: new Date(at(1)) };
  expect(rows).toEqual([
    { ...row, id: "a", initiator_user_id: "ada", status: "resolved" },
    { ...row, id: "b", initiator_user_id: "bo", status: "cancelled" },
  ]);
});

test("a season's close leaves its results, its successor begins with a row of its own", async () => {
  const write = (tick: number, events: object[]) =>
    inTransaction(database, (transaction) => writeSeasons(transaction, REALM, recordOf(tick, events)));
  await write(1, [{ kind: "season", season: 1, step: "open" }]);
  await write(5, [{ kind: "season", season: 1, step: "close", results: { standings: [] } }]);
  await write(6, [{ kind: "season", season: 2, step: "open" }]);
  const { rows } = await database.query(
    "SELECT season_id, started_tick, ended_tick, ended_at, results_json FROM seasons ORDER BY season_id",
  );
  expect(rows).toEqual([
    {
      season_id: 1,
      started_tick: 1,
      ended_tick: 5,
      ended_at: new Date(at(5)),
      results_json: { standings: [] },
    },
    { season_id: 2, started_tick: 6, ended_tick: null, ended_at: null, results_json: null },
  ]);
});

test("the first accepted event binds a user; a command binds before it, and anew after it", async () => {
  const write = (bindings: Map<string, Binding>) =>
    inTransaction(database, (transaction) => writeMembers(transaction, REALM, bindings));
  const first = accepted(REALM, 1, { user_id: "ada", faction_id: "empire" });
  const bound = new Map<string, Binding>();
  bindByEvent(bound, first);
  bindByEvent(bound, accepted(REALM, 2, { user_id: "ada", faction_id: "veilborn" }));
  bindByCommand(bound, { user: "bo", faction: "freeholds", cohort: "shared" }, at(1));
  bindByEvent(bound, accepted(REALM, 3, { user_id: "bo", faction_id: "freeholds" }));
  await write(bound);
  const members = async () =>
    (await database.query("SELECT user_id, faction_id, source_event_id, cohort FROM memberships ORDER BY 1"))
      .rows;
  const ada = { user_id: "ada", faction_id: "empire", source_event_id: first.event_id, cohort: null };
  const bo = { user_id: "bo", faction_id: "freeholds", source_event_id: null, cohort: "shared" };
  expect(await members()).toEqual([ada, bo]);

  const later = new Map<string, Binding>();
  bindByEvent(later, accepted(REALM, 4, { user_id: "ada", faction_id: "veilborn" }));
  bindByCommand(later, { user: "bo", faction: "empire" }, at(2));
  await write(later);
  expect(await members()).toEqual([ada, { ...bo, faction_id: "empire" }]);
});

test("who joins in the tick of the event that bound them is the same member as who joins a tick later", async () => {
  const first = (user_id: string) => accepted(REALM, 1, { user_id, faction_id: "empire", event_id: "first" });
  const join = (bindings: Map<string, Binding>, user: string) =>
    bindByCommand(bindings, { user, faction: "empire", cohort: "shared" }, at(2));
  const [tick, next] = [new Map<string, Binding>(), new Map<string, Binding>()];
  bindByEvent(tick, first("ada"));
  bindByEvent(tick, first("bo"));
  join(tick, "ada");
  join(tick, "ada");
  join(next, "bo");
  for (const bindings of [tick, next])
    await inTransaction(database, (transaction) => writeMembers(transaction, REALM, bindings));
  const { rows } = await database.query(
    "SELECT faction_id, source_event_id, cohort, created_at FROM memberships ORDER BY user_id",
  );
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual(rows[1]);
  expect(rows[0]).toMatchObject({ source_event_id: "first", cohort: "shared" });
});
