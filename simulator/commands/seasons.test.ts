import { beforeAll, describe, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { dueCommands } from "../duties/due-commands.ts";
import { accepted, decided, play, REALM, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const close = (seq = 1) => passed("season.close", {}, seq);
const open = (seq = 1) => passed("season.open", {}, seq);
const kinds = (result: ReturnType<typeof play>[number]) =>
  result.record.events.map((event) => ("step" in event ? event.step : event.kind));

/** A world late in its season: conquests, unrest, claims, effects, everything that a season leaves. */
const lived = ({ public: world, private: privateState }: WorldState) => {
  world.tick = 99;
  Object.assign(world.factions.empire!, {
    influence: 9_999_999,
    resources: { aether: 5_004, grain: 4, iron: 10_000_000 },
  });
  world.territories.iron_gate = {
    controller: "veilborn",
    control: { empire: 1_001, freeholds: 0, veilborn: 8_999 },
    instability: 4_000,
    strategic_value: 4,
    contested: 1,
    last_changed_tick: 80,
  };
  world.territories.crown_fields!.controller = "freeholds";
  world.territories.crown_fields!.control = { empire: 4_600, freeholds: 5_400, veilborn: 0 };
  world.relics.tide_bell!.holder = "veilborn";
  world.meters = { global_tension: 7_000, catastrophe_meter: 6_000 };
  world.triggers.age_of_iron = { armed: 0, streak: 9, last_triggered_tick: 70 };
  world.effects = { iron_austerity: { kind: "style", source: "age_of_iron", until_tick: 200 } };
  world.campaigns.siege = {
    goal: 1_000,
    points: 10,
    min_contributors: 3,
    contributors: 1,
    stage: 0,
    until_tick: 300,
  };
  privateState.campaigns = { siege: { opened_tick: 90 } };
  privateState.admitted = { siege: 90 };
  privateState.fronts.iron_gate = { leader: "empire", streak: 1, last_flip_tick: 80 };
  privateState.claims.tide_bell = { points: { empire: 5_000 }, last_capture_tick: 60 };
  privateState.starting = [{ id: "late", effect: { kind: "style", source: "age_of_iron", until_tick: 200 } }];
  privateState.manual_ticks = ["waits"];
};

describe("season.close", () => {
  test("ends the season with the tick that reads it: results are in that tick's last event", () => {
    const events = [accepted({ faction_id: "freeholds", normalized_points: 500_000 })];
    const [closed, after] = play(started(rules), [{ commands: [close()], events }, {}]);
    const { factions } = closed!.state.public;
    expect(closed!.state.public.status).toBe("season_end");
    expect(closed!.record.events).toEqual([
      { tick: 1, n: 1, kind: "status", status: "season_end" },
      {
        tick: 1,
        n: 2,
        kind: "season",
        season: 1,
        step: "close",
        results: {
          standings: ["freeholds", "empire", "veilborn"].map((faction) => ({
            faction,
            share_bp: factions[faction]!.share_bp,
            influence: faction === "freeholds" ? 500_000 : 0,
            territories: 2,
            relics: 0,
          })),
          controllers: {
            crown_fields: "empire",
            iron_gate: "empire",
            mist_fen: "veilborn",
            moon_stair: "veilborn",
            river_mouth: "freeholds",
            salt_terrace: "freeholds",
          },
          holders: {},
        },
      },
    ]);
    expect(closed!.state.public.season).toBe(1);
    expect(kinds(after!)).toEqual([]);
  });

  test("lets ticks, their chain and what decays go on", () => {
    const results = play(started(rules), [
      { commands: [close()], events: [accepted({ normalized_points: 600_000 })] },
      {},
      {},
    ]);
    expect(results.map(({ state }) => state.public.factions.empire!.influence)).toEqual([
      600_000, 599_400, 598_801,
    ]);
    expect(results[2]!.record.prev_hash).toBe(results[1]!.record.hash);
  });

  test("is refused a second time, and told", () => {
    const [closed] = play(started(rules), [{ commands: [close(1), close(2)] }]);
    expect(closed!.record.events[1]).toMatchObject({
      kind: "refused",
      command: "season.close",
      reason: "already_closed",
    });
  });

  test("cancels open sovereign actions and pays back what they held, before it is over", () => {
    const rich = standing(started(rules), ({ public: world }) => {
      world.factions.veilborn!.resources.aether = 500_000;
    });
    const propose = (seq: number) =>
      passed("sovereign.propose", { action_type: "veil_ward", faction: "veilborn" }, seq);
    const results = play(rich, [
      { commands: [propose(1)] },
      { commands: [close(2)] },
      { commands: [propose(3)] },
      { commands: [open(4)] },
    ]);
    const [proposed, closed, late, next] = results.map(({ state }) => state);
    expect(proposed!.private.escrow).toHaveProperty("command-1");
    expect(closed!.private.escrow).toEqual({});
    expect(closed!.public.actions["command-1"]).toMatchObject({ status: "cancelled" });
    expect(closed!.public.factions.veilborn!.resources.aether).toBeGreaterThan(500_000);
    expect(kinds(results[1]!)).toEqual(["status", "action", "close"]);
    expect(results[2]!.record.events).toMatchObject([{ kind: "refused", reason: "realm_closed" }]);
    expect(late!.public.actions).toEqual(closed!.public.actions);
    expect(next!.public.actions).toEqual({});
  });

  test("after an operator's season_end makes the results still", () => {
    const end = decided({ kind: "realm.status", payload: { status: "season_end" } });
    const [stopped, closed] = play(started(rules), [{ commands: [end] }, { commands: [close()] }]);
    expect([kinds(stopped!), kinds(closed!)]).toEqual([["status"], ["close"]]);
    expect(closed!.state.public.status).toBe("season_end");
  });

  test.each([
    ["season.close and then maintenance", 1, 2, "maintenance"],
    ["maintenance, which is over, and then season.close", 2, 1, "season_end"],
  ] as const)("%s: the last in the log is the status", (_what, closeSeq, statusSeq, status) => {
    const maintenance = decided({ kind: "realm.status", payload: { status: "maintenance" } }, statusSeq);
    const [result] = play(started(rules), [{ commands: [maintenance, close(closeSeq)] }]);
    expect(result!.state.public.status).toBe(status);
    expect(kinds(result!)).toEqual(["status", "close"]);
  });
});

describe("season.open", () => {
  const late = () => standing(started(rules), lived);
  const reopened = () => play(late(), [{ commands: [close()] }, { commands: [open()] }])[1]!;

  test("is refused while a season runs, and told", () => {
    const [result] = play(started(rules), [{ commands: [open()] }]);
    expect(kinds(result!)).toContain("refused");
    expect(result!.state.public.season).toBe(1);
  });

  test("keeps a tenth of influence and a fifth of stocks", () => {
    const still: Ruleset = {
      ...rules,
      influence: { ...rules.influence, decay_bp: 0 },
      stock: { ...rules.stock, decay_bp: 0 },
      territories: Object.fromEntries(
        Object.entries(rules.territories).map(([id, land]) => [id, { ...land, yields: {} }]),
      ),
    };
    const results = play(standing(started(still), lived), [{ commands: [close()] }, { commands: [open()] }]);
    expect(results[1]!.state.public.factions.empire).toMatchObject({
      influence: 999_999,
      resources: { aether: 1_000, grain: 0, iron: 2_000_000 },
    });
  });

  test("brings control halfway back, and land to whom it began with unless another leads by a flip's lead", () => {
    const { territories } = reopened().state.public;
    expect(territories.iron_gate).toEqual({
      controller: "veilborn",
      // Halves of 1001 + 7000, 0 + 1500, 8999 + 1500, the odd ones to the largest remainder, ties to the first id.
      control: { empire: 4_001, freeholds: 750, veilborn: 5_249 },
      instability: 0,
      strategic_value: 4,
      contested: 0,
      last_changed_tick: 101,
    });
    expect(territories.crown_fields).toMatchObject({
      controller: "empire",
      control: { empire: 5_050, freeholds: 4_200, veilborn: 750 },
    });
  });

  test("begins the rest anew, and what waits for a marker goes on waiting", () => {
    const { public: world, private: privateState } = reopened().state;
    const { public: fresh, private: bare } = genesis(REALM, rules, world.at).state;
    expect(world).toMatchObject({ season: 2, status: "active", tick: 101, ruleset_version: 1 });
    const { triggers, factions: _f, territories: _t, meters, ...rest } = world;
    const { triggers: armed, factions: _g, territories: _u, meters: _m, ...start } = fresh;
    const calendar = { started_tick: 101, ends_tick: 101 + 5_376 };
    expect(rest).toEqual({ ...start, season: 2, tick: 101, calendar });
    // Its cooldown is counted in ticks, which go on.
    expect(triggers).toEqual({ ...armed, age_of_iron: { armed: 1, streak: 0, last_triggered_tick: 70 } });
    // Moved once by the tick itself: as far as at a realm's first tick.
    expect(meters).toEqual({ global_tension: 200, catastrophe_meter: 0 });
    const { commands_hash } = privateState;
    expect(privateState).toEqual({ ...bare, manual_ticks: ["waits"], commands_hash });
  });

  test("ends every effect with an event before the season's own", () => {
    expect(reopened().record.events.map((event) => event.kind)).toEqual([
      "status",
      "effect_end",
      "effect_end",
      "season",
    ]);
    expect(reopened().record.events.at(-1)).toMatchObject({ kind: "season", season: 2, step: "open" });
  });

  test("in the tick of the close tells the results first, as the world stood before that tick", () => {
    const [result] = play(late(), [{ commands: [open(2), close(1)] }]);
    expect(kinds(result!)).toEqual(["effect_start", "close", "effect_end", "effect_end", "campaign", "open"]);
    const closing = result!.record.events[1]!;
    expect(closing).toMatchObject({
      season: 1,
      results: { controllers: { iron_gate: "veilborn" }, holders: { tide_bell: "veilborn" } },
    });
    expect(result!.state.public).toMatchObject({ season: 2, status: "active" });
  });

  test("in the tick of the close divides the shares among the factions that a new ruleset leaves", () => {
    const left = structuredClone(rules);
    delete left.factions.veilborn;
    left.triggers = [];
    for (const land of Object.values(left.territories)) {
      land.control = { empire: 5_000, freeholds: 5_000 };
      if (land.controller === "veilborn") delete land.controller;
    }
    const set = decided({ kind: "ruleset.set", payload: { ruleset: left }, ruleset_version: 2 }, 3);
    const [result] = play(started(rules), [{ commands: [close(1), open(2), set] }]);
    expect(result!.record.events.find(({ kind }) => kind === "season")).toMatchObject({
      results: { standings: [{ share_bp: 5_000 }, { share_bp: 5_000 }] },
    });
  });

  test("in the tick of the close ends councils and actions, and refuses what was about to start, each told", () => {
    const rich = standing(started(rules), ({ public: world }) => {
      world.factions.veilborn!.resources.aether = 500_000;
    });
    const council = passed(
      "council.open",
      {
        faction: "empire",
        options: [
          { text: "As it is", effects: [] },
          { text: "War", effects: [] },
        ],
      },
      1,
      { seats: ["ada"], active: 1 },
    );
    const decree = passed(
      "decree",
      { text: "So be it", effects: [{ do: "style", id: "grey", ticks: 2 }] },
      2,
    );
    const ward = passed("sovereign.propose", { action_type: "veil_ward", faction: "veilborn" }, 4);
    const [result, after] = play(rich, [{ commands: [council, decree, close(3), ward, open(5)] }, {}]);
    expect(result!.record.events).toMatchObject([
      { kind: "council", step: "open" },
      { kind: "decree" },
      { kind: "action", id: "command-4", status: "proposed" },
      { kind: "action", id: "command-4", status: "cancelled", reason: "season_closed" },
      { kind: "council", id: "command-1", step: "close", option: 0, reason: "season_closed" },
      { kind: "season", step: "close" },
      { kind: "effect_refused", id: "grey", reason: "season_closed" },
      { kind: "season", step: "open" },
    ]);
    // A fifth of all that there was: what the action held is in it.
    const aether = ({ state }: typeof result & object) => state.public.factions.veilborn!.resources.aether!;
    const [quiet] = play(rich, [{ commands: [close(3), open(5)] }]);
    expect(aether(result!)).toBe(aether(quiet!));
    expect(kinds(after!)).toEqual([]);
  });

  test("flips no quiet land by itself", () => {
    const results = play(reopened(), Array(12).fill({}));
    expect(results.flatMap(kinds)).not.toContain("flip");
  });
});

describe("the season's length", () => {
  const short = () => ({ ...rules, season_length_ticks: 538 });
  const seasonal = (state: WorldState) => dueCommands(state).filter(({ kind }) => kind !== "council.open");
  const keys = (state: WorldState) => seasonal(state).map(({ idempotency_key }) => idempotency_key);

  test("calls for its close when it is over, anew in each tick until it is closed", () => {
    const near = standing(started(short()), ({ public: world }) => {
      world.tick = 536;
    });
    const results = play(near, [{}, {}, {}, { commands: [close()] }, {}]);
    expect(results.map(({ state }) => keys(state))).toEqual([
      [],
      ["season.close.1.538"],
      ["season.close.1.539"],
      [],
      [],
    ]);
    expect(seasonal(results[1]!.state)).toMatchObject([
      { kind: "season.close", payload: {}, actor: { type: "system", id: "steward" } },
    ]);
  });

  test("ends a break: the next season opens by itself, when the public calendar says", () => {
    const results = play(started({ ...rules, season_break_ticks: 10 }), [
      { commands: [close()] },
      ...Array(11).fill({}),
    ]);
    expect(results[0]!.state.public.calendar).toEqual({ started_tick: 0, closed_tick: 1, opens_tick: 11 });
    expect(results.map(({ state }) => keys(state))).toEqual([
      ...Array(10).fill([]),
      ["season.open.1.11"],
      ["season.open.1.12"],
    ]);
    const [next] = play(results[10]!, [{ commands: [open()] }]);
    expect(keys(next!.state)).toEqual([]);
    expect(next!.state.public.calendar).toEqual({ started_tick: 12, ends_tick: 12 + 5_376 });
  });

  test("is what the ruleset in force says, from where it began; never in the past", () => {
    const begun = standing(started(rules), ({ public: world }) => {
      world.tick = 700;
    });
    const longer = (season_length_ticks: number, seq: number) =>
      decided(
        {
          kind: "ruleset.set",
          payload: { ruleset: { ...rules, season_length_ticks } },
          ruleset_version: seq,
        },
        seq,
      );
    const results = play(begun, [{ commands: [longer(6_000, 2)] }, { commands: [longer(540, 3)] }]);
    expect(results.map(({ state }) => state.public.calendar.ends_tick)).toEqual([6_000, 702]);
  });

  test("is counted from the tick that opened the season", () => {
    const near = standing(started(short()), ({ public: world }) => {
      world.tick = 1_536;
      world.season = 3;
      world.calendar = { started_tick: 1_000, ends_tick: 1_538 };
    });
    const results = play(near, [{}, {}]);
    expect(results.map(({ state }) => keys(state))).toEqual([[], ["season.close.3.1538"]]);
  });
});
