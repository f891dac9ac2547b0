import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import { bodiesIn, candidate, runStages, sendCandidate, testRealm, until } from "../../ops/testing/realm.ts";
import { replay } from "../../ops/tools/replay/replay.ts";
import type { Command, CommandKind, DecidedCommand } from "../../shared/contracts/command.ts";
import { COUNCIL, SOVEREIGN } from "../../shared/contracts/politics.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { commandId } from "../../shared/exact/identity.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { commandMsgId, eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";

const REALM = "politics";
let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
  const { judgement } = await loadRuleset("amoi-1");
  await testRealm(nats.bus, REALM, {
    sovereign: { ...SOVEREIGN, window_ticks: 3, iron_levy: { ...SOVEREIGN.iron_levy, cost: 40 } },
    council: { ...COUNCIL, window_ticks: 10 },
    judgement: { ...judgement, standing: { points: 5, days: 0 } },
  });
});
afterAll(() => nats.close());

const decided = async () =>
  (await bodiesIn<DecidedCommand>(nats.bus, eventsStream(REALM), "events.command")).map(({ body }) => body);
const records = async () =>
  (await bodiesIn<TickRecord>(nats.bus, worldStream(REALM), "world.tick")).map(({ body }) => body);

let made = 0;
/** Says a command and waits for the normalizer's word on it. */
async function say(kind: CommandKind, payload: object, by?: string): Promise<DecidedCommand> {
  const idempotency_key = `said-${++made}-xxx`;
  const actor: Command["actor"] = by === undefined ? { type: "gm", id: "gm" } : { type: "player", id: by };
  await publishOne(nats.bus, {
    subject: subjects.rawCommand(REALM),
    data: JSON.stringify({ v: 1, idempotency_key, realm_id: REALM, kind, actor, payload }),
    msgId: commandMsgId(actor, idempotency_key),
  });
  const id = commandId(REALM, actor, idempotency_key);
  return until(async () => (await decided()).find(({ command_id }) => command_id === id));
}

/** Runs a tick that counts everything said before; its record. */
async function tick(): Promise<TickRecord> {
  const before = (await records()).length;
  await say("tick.run", {});
  return until(async () => (await records())[before]);
}

const deed = (user_id: string, faction_id: string) =>
  sendCandidate(nats.bus, candidate(REALM, { user_id, faction_id }));

test("a realm votes, levies, opposes and decrees through the whole pipeline, over a restart, and a replay proves it", async () => {
  let stages = runStages(nats.bus, REALM, ["ingest", "normalizer", "simulator"]);
  for (const [user, faction] of [
    ["ada", "empire"],
    ["bo", "freeholds"],
  ] as const)
    await deed(user, faction);

  const options = [
    { text: "As it is", effects: [] },
    { text: "Wear grey", effects: [{ do: "style", id: "grey", ticks: 5 }] },
  ];
  const council = await say("council.open", { faction: "empire", options });
  expect(council).toMatchObject({ status: "passed", seats: ["ada"] });
  const vote = { user: "ada", faction: "empire", option: 1 };
  expect(await say("council.vote", vote, "ada")).toMatchObject({
    status: "passed",
    council: council.command_id,
  });
  for (const faction of ["empire", "freeholds"])
    await say("resource.grant", { faction, resource: "iron", amount: 100_000 });
  const levy = await say("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, "ada");
  const first = await tick();
  expect(first.events).toMatchObject([
    { kind: "council", step: "open", options: ["As it is", "Wear grey"], closes_tick: 11 },
    { kind: "resource", faction: "empire", change: 100_000 },
    { kind: "resource", faction: "freeholds", change: 100_000 },
    { kind: "action", id: levy.command_id, status: "proposed" },
  ]);

  await stages.stop();
  stages = runStages(nats.bus, REALM, ["ingest", "normalizer", "simulator"]);
  expect(await say("council.vote", vote, "ada")).toMatchObject({
    status: "refused",
    reason: "already_voted",
  });
  const stake = { action: levy.command_id, faction: "freeholds", stake: 32_000 };
  expect(await say("sovereign.counter", stake, "ada")).toMatchObject({ reason: "faction_mismatch" });
  expect(await say("sovereign.counter", stake, "bo")).toMatchObject({ status: "passed" });
  await say("sovereign.counter", stake);
  const decree = await say("decree", { text: "The gates stay shut.", effects: [] });
  const second = await tick();
  expect(second.events).toMatchObject([
    { kind: "refused", command: "sovereign.counter", reason: "no_seat" },
    { kind: "action", id: levy.command_id, status: "opposed", faction: "freeholds", stake: 32_000 },
    { kind: "decree", id: decree.command_id, text: "The gates stay shut." },
  ]);

  const rest: TickRecord[] = [];
  while (rest.length < 10) rest.push(await tick());
  await stages.stop();
  expect(rest.flatMap(({ events }) => events)).toMatchObject([
    { tick: 4, kind: "action", status: "countered" },
    { tick: 11, kind: "council", step: "close", option: 1, reason: "voted" },
    { tick: 12, kind: "effect_start", id: "grey" },
  ]);
  expect((await replay(nats.bus, REALM)).problems).toEqual([]);
});
