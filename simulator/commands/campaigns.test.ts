import { beforeAll, describe, expect, test } from "vitest";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { CampaignState, EffectState, WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { dueCommands } from "../duties/due-commands.ts";
import { accepted, decided, type Interval, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

const STEWARD = { type: "system", id: "steward" } as const;
const open = (id: string, over = {}, seq = 1) =>
  passed("campaign.open", { id, goal: 100, min_contributors: 3, ticks: 4, ...over }, seq);
const close = (id: string, seq = 1) => passed("campaign.close", { id }, seq);
/** What a user brings a campaign, points; the first time that they do. */
const gift = (points: number, user_id: string, over: Partial<Accepted> = {}) =>
  accepted({
    event_id: `${user_id}-${points}`,
    user_id,
    campaign_id: "siege",
    campaign_first: 1,
    normalized_points: points * 1_000,
    ...over,
  });
const told = (results: ReturnType<typeof play>) =>
  results.map(({ record }) =>
    record.events.flatMap((event) =>
      event.kind === "campaign"
        ? [`${event.id} ${event.stage}`]
        : event.kind === "refused" || event.kind === "effect_refused"
          ? [event.reason]
          : [],
    ),
  );
const campaignsOf = (results: ReturnType<typeof play>) => results.map(({ state }) => state.public.campaigns);
/** What the steward says, and what comes of it with the next marker. */
const saidBy = (state: WorldState, seq = 1) =>
  dueCommands(state).map((call, i) => {
    if (call.kind !== "campaign.open" && call.kind !== "campaign.close") throw new Error(call.kind);
    return passed(call.kind, call.payload, seq + i, { actor: call.actor });
  });
const keysOf = (state: WorldState) => dueCommands(state).map(({ idempotency_key }) => idempotency_key);
/** The siege as it stands. */
const campaign = (over: Partial<CampaignState>): CampaignState => ({
  goal: 100_000,
  points: 0,
  min_contributors: 3,
  contributors: 0,
  stage: 0,
  until_tick: 5,
  ...over,
});
const cheer = { do: "modify", name: "yield_bp", faction: "*", add: 300, ticks: 48 } as const;
const gloom = { do: "modify", name: "yield_bp", faction: "*", add: -300, ticks: 48 } as const;
const modified = ({ name, faction, add }: typeof cheer) => ({ name, faction, add });
const chain = (until_tick: number): EffectState => ({ kind: "chain", source: "age_of_iron", until_tick });

describe("a campaign", () => {
  test("counts what names it in its ticks, the first of them being the one that opens it", () => {
    const results = play(started(rules), [
      { commands: [open("siege", { ticks: 3 })], events: [gift(10, "ada")] },
      { events: [gift(5, "ada", { campaign_first: undefined as never }), accepted({ event_id: "other" })] },
      { events: [gift(7, "bo")] },
    ]);
    expect(campaignsOf(results)).toEqual([
      {
        siege: campaign({ points: 10_000, contributors: 1, until_tick: 4 }),
      },
      {
        siege: campaign({ points: 15_000, contributors: 1, until_tick: 4 }),
      },
      {},
    ]);
    expect(told(results)).toEqual([["siege 0"], [], ["siege lost"]]);
    expect(results[2]!.state.private.campaigns).toBeUndefined();
  });

  test("tells each stage once, at 25, 50, 75 and 100 % to the milli-point", () => {
    const results = play(started(rules), [
      { commands: [open("siege", { min_contributors: 1 })], events: [gift(24.999, "ada")] },
      { events: [gift(0.001, "bo")] },
      { events: [gift(50, "cleo")] },
      { events: [gift(25, "dan")] },
    ]);
    expect(told(results)).toEqual([
      ["siege 0"],
      ["siege 1"],
      ["siege 2", "siege 3"],
      ["siege 4", "siege won"],
    ]);
    expect(campaignsOf(results)[2]!.siege).toMatchObject({ points: 75_000, contributors: 3, stage: 3 });
    expect(campaignsOf(results)[3]).toEqual({});
  });

  test("is no success without its contributors, however many points a few bring", () => {
    const results = play(started(rules), [
      { commands: [open("siege")], events: [gift(200, "ada"), gift(200, "bo")] },
      { events: [gift(1, "cleo")] },
    ]);
    expect(told(results)).toEqual([
      ["siege 0", "siege 1", "siege 2", "siege 3"],
      ["siege 4", "siege won"],
    ]);
  });

  test("counts final points whatever a burst cap cuts, and only points", () => {
    const [result] = play(started(rules), [
      { commands: [open("siege", { goal: 10_000 })], events: [gift(5_000, "ada")] },
    ]);
    expect(result!.record.factions.empire).toMatchObject({ cap: 600_000 });
    expect(result!.state.public.campaigns.siege!.points).toBe(5_000_000);
  });

  test("that is closed counts the tick of its close and is gone", () => {
    const results = play(started(rules), [
      { commands: [open("siege")], events: [gift(10, "ada")] },
      { commands: [close("siege")], events: [gift(40, "bo")] },
    ]);
    expect(told(results)).toEqual([["siege 0"], ["siege 1", "siege 2", "siege closed"]]);
    expect(campaignsOf(results)[1]).toEqual({});
    expect(dueCommands(results[1]!.state)).toEqual([]);
  });

  test("that is closed and opened again before one marker reaches no stage by who is first a second time", () => {
    const results = play(started(rules), [
      {
        commands: [open("siege", { min_contributors: 2 }, 1)],
        events: [gift(100, "ada", { source_seq: 2 })],
      },
      {
        commands: [close("siege", 20), open("siege", {}, 30)],
        events: [gift(1, "ada", { source_seq: 31 })],
      },
    ]);
    expect(told(results)).toEqual([
      ["siege 0", "siege 1", "siege 2", "siege 3"],
      ["already_open", "siege closed"],
    ]);
  });

  test("that opens in the tick that begins a season counts who is first in it, not who was in one of before", () => {
    const before = play(started(rules), [
      { commands: [open("siege", {}, 1)] },
      { commands: [passed("season.close", {}, 2)] },
    ])[1]!;
    const [result] = play(before, [
      {
        commands: [passed("season.open", {}, 20), open("siege", {}, 30)],
        events: [gift(5, "ada", { source_seq: 19 }), gift(6, "ada", { source_seq: 31 })],
      },
    ]);
    expect(result!.state.public.campaigns.siege).toMatchObject({ points: 11_000, contributors: 1 });
  });

  test("whose id opens again is a new one", () => {
    const results = play(started(rules), [
      { commands: [open("siege")], events: [gift(60, "ada")] },
      { commands: [close("siege")] },
      { commands: [open("siege", { goal: 50 })], events: [gift(20, "ada")] },
    ]);
    expect(campaignsOf(results)[2]).toEqual({
      siege: campaign({ goal: 50_000, points: 20_000, contributors: 1, stage: 1, until_tick: 7 }),
    });
  });

  test("called constructor is one like any other, and nothing counts in one that doesn't run", () => {
    const [result] = play(started(rules), [
      {
        commands: [open("constructor")],
        events: [gift(30, "constructor", { campaign_id: "constructor" }), gift(30, "bo")],
      },
    ]);
    expect(result!.state.public.campaigns).toEqual({
      constructor: campaign({ points: 30_000, contributors: 1, stage: 1 }),
    });
  });

  test("counts up to a bound rather than past 2^53", () => {
    const from = standing(play(started(rules), [{ commands: [open("siege")] }])[0]!, ({ public: world }) => {
      world.campaigns.siege!.points = 999_999_999_999_999;
    });
    const [result] = play(from, [{ events: [gift(1_000_000_000, "ada")] }]);
    expect(result!.state.public.campaigns.siege!.points).toBe(1_000_000_000_000_000);
  });
});

describe("a campaign of one faction", () => {
  const sided = (over = {}) => open("siege", { faction: "freeholds", ...over });

  test("counts that faction's points and contributors alone", () => {
    const [result] = play(started(rules), [
      {
        commands: [sided()],
        events: [gift(10, "ada"), gift(20, "bo", { faction_id: "freeholds" })],
      },
    ]);
    expect(result!.state.public.campaigns.siege).toEqual(
      campaign({ faction: "freeholds", points: 20_000, contributors: 1 }),
    );
  });

  test("is closed where a new ruleset drops its faction", () => {
    const left = structuredClone(rules);
    delete left.factions.freeholds;
    left.triggers = [];
    for (const land of Object.values(left.territories)) {
      land.control = { empire: 5_000, veilborn: 5_000 };
      if (land.controller === "freeholds") delete land.controller;
    }
    const set = decided({ kind: "ruleset.set", payload: { ruleset: left }, ruleset_version: 2 }, 3);
    const results = play(started(rules), [{ commands: [sided({ on_lost: [gloom] })] }, { commands: [set] }]);
    expect(told(results)).toEqual([["siege 0"], ["siege closed"]]);
    expect(results[1]!.state.private).not.toHaveProperty("campaigns");
    expect(results[1]!.state.private.starting).toEqual([]);
  });

  test("that the realm doesn't have is refused", () => {
    const [result] = play(started(rules), [{ commands: [sided({ faction: "nobody" })] }]);
    expect(told([result!])).toEqual([["unknown_faction"]]);
  });
});

describe("the end of a campaign", () => {
  const enough = [gift(40, "ada"), gift(40, "bo"), gift(40, "cleo")];
  const terms = { on_won: [cheer], on_lost: [gloom], next: { id: "sack", ticks: 2, on_lost: [gloom] } };

  test("that is won brings its consequences with the next tick, and opens the next one, which counts from then on", () => {
    const [won, next] = play(started(rules), [
      { commands: [open("siege", terms)], events: enough },
      { events: [gift(30, "dan", { campaign_id: "sack" })] },
    ]);
    expect(told([won!])).toEqual([
      ["siege 0", "siege 1", "siege 2", "siege 3", "siege 4", "siege won", "sack 0"],
    ]);
    expect(won!.state.public.campaigns).toEqual({
      sack: {
        ...campaign({ goal: 5_000_000, min_contributors: 20, until_tick: 4 }),
        on_lost: { "0": gloom },
      },
    });
    expect(won!.state.public.effects).toEqual({});
    expect(keysOf(won!.state)).toEqual(["campaign.close.siege.1", "campaign.open.sack.2"]);
    expect(next!.state.public.campaigns.sack).toMatchObject({ points: 30_000, contributors: 1 });
    expect(next!.state.public.effects).toEqual({
      "campaign.siege.0": { kind: "modify", source: "campaign.siege", until_tick: 50, ...modified(cheer) },
    });
  });

  test("that is lost brings what it was to bring, and nothing follows", () => {
    const results = play(started(rules), [{ commands: [open("siege", { ...terms, ticks: 1 })] }, {}]);
    expect(told(results)).toEqual([["siege 0", "siege lost"], []]);
    expect(campaignsOf(results)).toEqual([{}, {}]);
    expect(results[1]!.state.public.effects).toHaveProperty(["campaign.siege.0", "add"], gloom.add);
  });

  test("by hand brings nothing about", () => {
    const results = play(started(rules), [
      { commands: [open("siege", terms, 1)] },
      { commands: [close("siege")] },
      {},
    ]);
    expect(told(results)).toEqual([["siege 0"], ["siege closed"], []]);
    expect(results[2]!.state.public.effects).toEqual({});
  });

  test("is won where the tick of its close reaches what it asks for", () => {
    const results = play(started(rules), [
      { commands: [open("siege")] },
      { commands: [close("siege")], events: enough },
    ]);
    expect(told(results)[1]!.at(-1)).toBe("siege won");
  });

  test("comes with its season's: closed, however much time was left", () => {
    const results = play(started(rules), [
      { commands: [open("siege", terms)] },
      { commands: [passed("season.close", {}, 2)] },
    ]);
    expect(told(results)).toEqual([["siege 0"], ["siege closed"]]);
  });

  test("gives a campaign that runs under the next one's id more time", () => {
    const [, result] = play(started(rules), [
      {
        commands: [
          open("sack", { ticks: 5 }, 1),
          open("siege", { ...terms, next: { id: "sack", ticks: 9 } }, 2),
        ],
      },
      { events: enough },
    ]);
    expect(result!.state.public.campaigns.sack).toMatchObject({ goal: 100_000, until_tick: 12 });
    expect(told([result!])[0]!.slice(-2)).toEqual(["siege 4", "siege won"]);
  });
});

describe("refusals", () => {
  test.each<[string, Interval["commands"], string]>([
    [
      "a campaign that runs is not opened again",
      [open("siege", {}, 1), open("siege", {}, 2)],
      "already_open",
    ],
    [
      "nor in the tick of its close",
      [open("siege", {}, 1), close("siege", 2), open("siege", {}, 3)],
      "already_open",
    ],
    ["what doesn't run is not closed", [close("siege")], "not_open"],
    ["sixteen run at once", Array.from({ length: 17 }, (_, i) => open(`siege-${i}`, {}, i)), "too_many"],
  ])("%s", (_fact, commands, reason) => {
    const [result] = play(started(rules), [{ commands: commands! }]);
    expect(told([result!])[0]!.filter((each) => !each.includes(" "))).toEqual([reason]);
  });

  test("what candidates may name and doesn't run, the steward closes", () => {
    const commands = Array.from({ length: 17 }, (_, i) => open(`siege-${i + 10}`, { ticks: 99 }, i));
    const [refused] = play(started(rules), [{ commands }]);
    expect(keysOf(refused!.state)).toEqual(["campaign.close.siege-26.1"]);
    const [settled] = play(refused!, [{ commands: saidBy(refused!.state) }]);
    expect(dueCommands(settled!.state)).toEqual([]);
    expect(Object.keys(settled!.state.public.campaigns)).toHaveLength(16);
  });

  test("a chain's campaign finds no room beside sixteen: the chain is refused", () => {
    const commands = Array.from({ length: 16 }, (_, i) => open(`siege-${i}`, {}, i));
    const full = standing(play(started(rules), [{ commands }])[0]!, ({ private: privateState }) => {
      privateState.starting = [{ id: "iron_decrees", effect: chain(9) }];
    });
    const [result] = play(full, [{}]);
    expect(told([result!])).toEqual([["too_many"]]);
    expect(result!.state.public.effects).toEqual({});
  });
});

describe("a chain", () => {
  const begun = (until_tick = 4) =>
    play(
      standing(started(rules), ({ private: privateState }) => {
        privateState.starting = [{ id: "iron_decrees", effect: chain(until_tick) }];
      }),
      [{}],
    )[0]!;

  test("opens its campaign, which the steward tells the normalizer once, word for word", () => {
    const opened = begun();
    expect(dueCommands(opened.state)).toEqual([
      {
        v: 1,
        realm_id: "amoi-1",
        idempotency_key: "campaign.open.iron_decrees.1",
        kind: "campaign.open",
        actor: STEWARD,
        payload: { id: "iron_decrees", goal: 5_000, min_contributors: 20, ticks: 3 },
      },
    ]);
    const [known] = play(opened, [{ commands: saidBy(opened.state) }]);
    expect(told([known!])).toEqual([[]]);
    expect(known!.state.public.campaigns).toEqual(opened.state.public.campaigns);
    expect(dueCommands(known!.state)).toEqual([]);
  });

  test("that ends is told once, and is said again by nobody", () => {
    const opened = begun();
    const results = play(opened, [{ commands: saidBy(opened.state) }, {}, {}, {}]);
    expect(results.map(({ state }) => keysOf(state))).toEqual([
      [],
      ["campaign.close.iron_decrees.2"],
      ["campaign.close.iron_decrees.2"],
      ["campaign.close.iron_decrees.2"],
    ]);
    const [settled] = play(results[3]!, [{ commands: saidBy(results[3]!.state) }]);
    expect(dueCommands(settled!.state)).toEqual([]);
  });

  test("whose opening is told after its end opens nothing, and is closed", () => {
    const late = begun(3);
    const results = play(late, [{}, { commands: saidBy(late.state) }]);
    expect(campaignsOf(results)).toEqual([{}, {}]);
    expect(keysOf(results[0]!.state)).toEqual([]);
    expect(keysOf(results[1]!.state)).toEqual(["campaign.close.iron_decrees.3"]);
  });

  test("that fires again before its end was told is closed first, and opened under another key", () => {
    const opened = begun(3);
    const [known] = play(opened, [{ commands: saidBy(opened.state) }]);
    const again = standing(known!, ({ private: privateState }) => {
      privateState.starting = [{ id: "iron_decrees", effect: chain(9) }];
    });
    const [reopened] = play(again, [{}]);
    expect(reopened!.state.private.campaigns!.iron_decrees).toMatchObject({ opened_tick: 3 });
    expect(keysOf(reopened!.state)).toEqual(["campaign.close.iron_decrees.2"]);
    const [closed] = play(reopened!, [{ commands: saidBy(reopened!.state) }]);
    expect(campaignsOf([closed!])).toEqual(campaignsOf([reopened!]));
    expect(keysOf(closed!.state)).toEqual(["campaign.open.iron_decrees.3"]);
  });

  test("that opens anew in the tick after its end counts nobody as first under the old admission, else they would count twice", () => {
    const from = standing(started(rules), ({ private: privateState }) => {
      privateState.admitted = { siege: 0 };
      privateState.starting = [{ id: "siege", effect: chain(9) }];
    });
    const [reopened, late] = play(from, [{ events: [gift(10, "ada")] }, { events: [gift(10, "bo")] }]);
    const [closed] = play(late!, [{ commands: saidBy(late!.state) }]);
    const [admitted] = play(closed!, [
      { commands: saidBy(closed!.state), events: [gift(5, "ada"), gift(5, "bo")] },
    ]);
    expect(campaignsOf([reopened!, late!, admitted!])).toMatchObject([
      { siege: { points: 10_000, contributors: 0 } },
      { siege: { points: 20_000, contributors: 0 } },
      { siege: { points: 30_000, contributors: 2 } },
    ]);
  });

  test("that opens anew counts nobody as first under the old admission in the tick that reads its close either", () => {
    const from = standing(started(rules), ({ private: privateState }) => {
      privateState.admitted = { siege: 0 };
      privateState.starting = [{ id: "siege", effect: chain(9) }];
    });
    const [reopened] = play(from, [{}]);
    const [closed] = play(reopened!, [
      { commands: saidBy(reopened!.state, 20), events: [gift(10, "ada", { source_seq: 19 })] },
    ]);
    const [admitted] = play(closed!, [
      { commands: saidBy(closed!.state, 30), events: [gift(5, "ada", { source_seq: 31 })] },
    ]);
    expect(campaignsOf([closed!, admitted!])).toMatchObject([
      { siege: { points: 10_000, contributors: 0 } },
      { siege: { points: 15_000, contributors: 1 } },
    ]);
  });

  test("that opens anew while the normalizer closes and opens the id within one tick counts who is first after that", () => {
    const from = standing(started(rules), ({ private: privateState }) => {
      privateState.admitted = { siege: 0 };
      privateState.starting = [{ id: "siege", effect: chain(9) }];
    });
    const steward = { actor: STEWARD };
    const payload = { id: "siege", goal: 100, min_contributors: 3, ticks: 4 };
    const [both] = play(from, [
      {
        commands: [
          passed("campaign.close", { id: "siege" }, 20, steward),
          passed("campaign.open", payload, 30, steward),
        ],
        events: [gift(10, "ada", { source_seq: 19 }), gift(5, "ada", { source_seq: 31 })],
      },
    ]);
    expect(both!.state.public.campaigns.siege).toMatchObject({ points: 15_000, contributors: 1 });
  });

  test("opens its steps one after the other, each as the one before it is won", () => {
    const steps = [
      { id: "muster", goal: 10, min_contributors: 1, ticks: 3 },
      { id: "march", title: { vi: "Hành quân", en: "The March" }, faction: "empire", ticks: 3 },
    ];
    const from = standing(started(rules), ({ private: privateState }) => {
      privateState.starting = [{ id: "iron_decrees", effect: chain(9), steps }];
    });
    const results = play(from, [{}, { events: [gift(10, "ada", { campaign_id: "muster" })] }]);
    expect(told(results)).toEqual([
      ["muster 0"],
      ["muster 1", "muster 2", "muster 3", "muster 4", "muster won", "march 0"],
    ]);
    expect(campaignsOf(results)).toEqual([
      { muster: campaign({ goal: 10_000, min_contributors: 1, until_tick: 4, next: "march" }) },
      {
        march: {
          title: { vi: "Hành quân", en: "The March" },
          ...campaign({ faction: "empire", goal: 5_000_000, min_contributors: 20, until_tick: 6 }),
        },
      },
    ]);
    expect(results[1]!.state.public.effects).toHaveProperty("iron_decrees");
  });

  test("and a game master that open one id in one tick are one campaign, the chain's", () => {
    const both = standing(started(rules), ({ private: privateState }) => {
      privateState.starting = [{ id: "siege", effect: chain(9) }];
    });
    const results = play(both, [{ commands: [open("siege", { goal: 1 })], events: [gift(30, "ada")] }]);
    expect(told(results)).toEqual([["siege 0", "already_open"]]);
    expect(campaignsOf(results)[0]!.siege).toMatchObject({ goal: 5_000_000, points: 30_000 });
    expect(dueCommands(results[0]!.state)).toEqual([]);
  });

  test("may count on as a stage in a condition: triggers see what this tick brought", () => {
    const stage = { count: "campaigns" as const, where: { gte: ["stage", 1] satisfies [string, number] } };
    const watching: Ruleset = {
      ...rules,
      triggers: [
        {
          key: "cheer",
          when: { gte: [stage, 1] },
          sustain: 1,
          cooldown: 0,
          rearm: "auto",
          priority: 0,
          effects: [{ do: "style", id: "joy", ticks: 1 }],
        },
      ],
    };
    const [result] = play(started(watching), [{ commands: [open("siege")], events: [gift(25, "ada")] }]);
    expect(result!.record.events.map(({ kind }) => kind)).toEqual(["campaign", "campaign", "trigger"]);
  });
});
