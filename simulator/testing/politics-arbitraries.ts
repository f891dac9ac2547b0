/** Made-up political life: what factions, councils and game masters say in a few ticks. */
import fc from "fast-check";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { COUNCIL, SOVEREIGN } from "../../shared/contracts/politics.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Effect } from "../../shared/contracts/trigger.ts";
import type { Happening, WorldState } from "../../shared/contracts/world.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { runCommands } from "../commands/commands.ts";
import type { WorldCommand } from "../steps/fold.ts";
import type { TickResult } from "../tick-result.ts";
import { type Interval, play, standing, started } from "./builders.ts";
import { GM, passed, player } from "./command-builders.ts";

/** Everything happens within a few ticks: windows of 3, a rest of 2, councils of 2. */
export const RULES: Ruleset = {
  ...(await loadRuleset("amoi-1")),
  sovereign: {
    ...SOVEREIGN,
    window_ticks: 3,
    cooldown_ticks: 2,
    kept_ticks: 5,
    iron_levy: { ...SOVEREIGN.iron_levy, ticks: 2 },
    embargo: { ...SOVEREIGN.embargo, ticks: 2 },
  },
  council: { ...COUNCIL, gap_ticks: 1, window_ticks: 2 },
};
const FACTIONS = ["empire", "freeholds", "veilborn"];
export const MAX = RULES.stock.max * 1_000;

const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({
    do: fc.constant("modify" as const),
    name: fc.constantFrom("push_weight_bp", "yield_bp"),
    faction: fc.constantFrom("*", ...FACTIONS, "!empire"),
    add: fc.integer({ min: -2_000, max: 2_000 }),
    ticks: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    do: fc.constant("style" as const),
    id: fc.constantFrom("grey", "gold"),
    ticks: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    do: fc.constant("meter" as const),
    name: fc.constantFrom("catastrophe", "tension"),
    add: fc.integer({ min: -9_000, max: 9_000 }),
  }),
);
const effects = fc.uniqueArray(effect, { maxLength: 3, selector: (each) => ("id" in each ? each.id : each) });
const faction = fc.constantFrom(...FACTIONS, "atlantis");
const amount = fc.constantFrom(1, 150_000, 320_000, 1_000_000, MAX);
const stock = fc.record({ faction, resource: fc.constantFrom("iron", "grain", "aether", "salt"), amount });
/** ada, bo and cleo sit for a faction each once a council has opened; the game master needs no seat. */
const actor = fc.constantFrom(GM, GM, player("ada"), player("bo"), player("cleo"));

/** Mostly right: targets where they belong. */
const proposal = fc.oneof(
  { weight: 5, arbitrary: fc.record({ action_type: fc.constantFrom("iron_levy", "veil_ward"), faction }) },
  { weight: 2, arbitrary: fc.record({ action_type: fc.constant("embargo"), faction, target: faction }) },
  { weight: 1, arbitrary: fc.record({ action_type: fc.constantFrom("iron_levy", "embargo"), faction }) },
  { weight: 1, arbitrary: fc.record({ action_type: fc.constant("veil_ward"), faction, target: faction }) },
);

/** Of counters and votes, `back` says which of the latest commands they name. */
const said = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("sovereign.propose" as const),
      actor,
      payload: proposal,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("sovereign.counter" as const),
      actor,
      back: fc.integer({ min: 1, max: 12 }),
      payload: fc.record({ faction, stake: amount }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("council.open" as const),
      active: fc.integer({ min: 0, max: 60 }),
      payload: fc.record({
        faction,
        options: fc
          .array(effects, { minLength: 1, maxLength: 3 })
          .map((each) => [
            { text: "As it is", effects: [] },
            ...each.map((some, i) => ({ text: `Option ${i + 1}`, effects: some })),
          ]),
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("council.vote" as const),
      back: fc.integer({ min: 1, max: 8 }),
      weight: fc.integer({ min: 1, max: 3 }),
      payload: fc.record({ faction, option: fc.integer({ min: 0, max: 3 }) }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("resource.grant", "resource.spend"), payload: stock }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("effect.end", "effect.restore"),
      payload: fc.record({ id: fc.constantFrom("grey", "gold"), note: fc.constant("a slip") }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("decree" as const),
      payload: fc.record({ text: fc.constant("So be it"), effects }),
    }),
  },
);
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

/** Every command with its place in the log, the first at 101: `command-<seq>` is what the others name. */
function commandOf(each: Said, seq: number): DecidedCommand {
  switch (each.kind) {
    case "sovereign.propose":
      return passed(each.kind, each.payload as never, seq, { actor: each.actor });
    case "sovereign.counter":
      return passed(each.kind, { ...each.payload, action: `command-${seq - each.back}` }, seq, {
        actor: each.actor,
      });
    case "council.open":
      return passed(each.kind, each.payload, seq, { seats: ["ada", "bo", "cleo"], active: each.active });
    case "council.vote":
      return passed(each.kind, { ...each.payload, user: `user-${seq}` }, seq, {
        council: `command-${seq - each.back}`,
        weight: each.weight,
      });
    case "decree":
      return passed(each.kind, each.payload, seq);
    default:
      return passed(each.kind, each.payload, seq);
  }
}

/** Ticks with up to six commands each, in a realm whose factions have something to spend. */
export const politicalSessions = (maxTicks = 14, minLength = 1): fc.Arbitrary<DecidedCommand[][]> =>
  fc.array(fc.array(said, { maxLength: 6 }), { minLength, maxLength: maxTicks }).map((ticks) => {
    let seq = 100;
    return ticks.map((each) => each.map((one) => commandOf(one, ++seq)));
  });
export const RICH = standing(started(RULES), ({ public: world }) => {
  for (const holder of Object.values(world.factions))
    for (const resource of RULES.resources) holder.resources[resource] = 2_000_000;
});
export const live = (life: readonly DecidedCommand[][], from: Pick<TickResult, "state" | "record"> = RICH) =>
  play(
    from,
    life.map((commands): Interval => ({ commands })),
  );

/** What one tick's commands and closes did. */
export type Session = { tick: number; before: WorldState; after: WorldState; happenings: Happening[] };

/** The same without the rest of the tick, which costs 20 times as much: stocks neither grow nor spoil, nothing starts. */
export function sessions(life: readonly DecidedCommand[][]): Session[] {
  let { state } = RICH;
  return life.map((commands, i) => {
    const before = { ...state, public: { ...state.public, tick: i + 1 } };
    const { state: after, happenings } = runCommands(before, commands as WorldCommand[]);
    state = { ...after, private: { ...after.private, starting: [] } };
    return { tick: i + 1, before, after, happenings };
  });
}
