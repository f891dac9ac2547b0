/**
 * Councils: a faction's most active users have its seats, and all its members vote on what it does. Who sits, who may vote
 * and what a vote weighs is decided by the normalizer and comes with the decided commands.
 */

import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { councilRules } from "../../shared/contracts/politics.ts";
import type { CouncilReason, CouncilState, Happening, WorldState } from "../../shared/contracts/world.ts";
import { type ById, byPlace, entries, find } from "../../shared/exact/by-id.ts";
import { sortedKeys } from "../../shared/exact/integers.ts";
import { quorumOf } from "../../shared/world/quorum.ts";
import { effectsOf } from "../steps/effects.ts";
import type { CommandHandler } from "./command-handler.ts";

type Vote = NonNullable<CouncilState["open"]>;
type Result = { option: number; reason: CouncilReason };
type Changed = { state: WorldState; happenings: Happening[] };

/**
 * Whether an actor may act for a faction: a game master, or a user with a seat in its council. Before the first council there are
 * no seats.
 */
export function mayAct(state: WorldState, actor: DecidedCommand["actor"], faction: string): boolean {
  const seats = find(state.private.councils ?? {}, faction)?.seats ?? [];
  return actor.type === "gm" || (actor.type === "player" && seats.includes(actor.id));
}

/** Seats change at once. A council that still votes is closed as it stands: the normalizer counts for the newest alone. */
export const openCouncil: CommandHandler<"council.open"> = (
  state,
  { command_id: id, payload, seats = [], active = 0 },
) => {
  const { faction, options } = payload;
  const { tick, factions } = state.public;
  if (!Object.hasOwn(factions, faction)) return { refused: "unknown_faction" };
  const { state: before, happenings } = closeCouncil(state, faction);
  const { window_ticks, quorum_bp } = councilRules(state.private.ruleset);
  const closes_tick = tick + window_ticks;
  const open: Vote = {
    id,
    options: byPlace(options.map(({ text, effects }) => ({ text, effects: byPlace(effects), weight: 0 }))),
    closes_tick,
    voters: 0,
    quorum: quorumOf(active, quorum_bp),
  };
  const opened: Happening = {
    kind: "council",
    id,
    faction,
    step: "open",
    options: options.map(({ text }) => text),
    closes_tick,
  };
  const seated = { ...before.private.councils, [faction]: { seats, opened_tick: tick } };
  return {
    state: withCouncil({ ...before, private: { ...before.private, councils: seated } }, faction, {
      seats: seats.length,
      open,
    }),
    happenings: [...happenings, opened],
  };
};

/** A vote is secret: it leaves no line in the public log, not even where it comes too late. */
export const castVote: CommandHandler<"council.vote"> = (state, { payload, council: id, weight = 0 }) => {
  const { faction, option } = payload;
  const council = find(state.public.councils, faction);
  if (council?.open === undefined || council.open.id !== id) return { refused: "no_council" };
  const { open, seats } = council;
  const chosen = find(open.options, String(option));
  if (chosen === undefined) return { refused: "unknown_option" };
  const options = { ...open.options, [String(option)]: { ...chosen, weight: chosen.weight + weight } };
  const counted = { ...open, options, voters: open.voters + 1 };
  return { state: withCouncil(state, faction, { seats, open: counted }), happenings: [] };
};

/**
 * Closes the councils whose window ends with this tick, by faction, and calls for what they decided. In a season that is over
 * nobody votes, so what is open is closed as the status quo.
 */
export const closeDueCouncils = (state: WorldState): Changed =>
  state.public.status === "season_end"
    ? closeCouncils(state, () => true, { option: 0, reason: "season_closed" })
    : closeCouncils(state, ({ closes_tick }) => state.public.tick >= closes_tick);

/** Closes the open councils that `due` names. `given`: their result, where it isn't for the votes to decide. */
export function closeCouncils(state: WorldState, due: (open: Vote) => boolean, given?: Result): Changed {
  let current = state;
  const happenings: Happening[] = [];
  for (const [faction, { open }] of entries(state.public.councils)) {
    if (open === undefined || !due(open)) continue;
    const closed = closeCouncil(current, faction, given);
    current = closed.state;
    happenings.push(...closed.happenings);
  }
  return { state: current, happenings };
}

/** `given`: the result, where it isn't for the votes to decide. */
function closeCouncil(state: WorldState, faction: string, given?: Result): Changed {
  const council = find(state.public.councils, faction);
  if (council?.open === undefined) return { state, happenings: [] };
  const { seats, open } = council;
  const result = given ?? resultOf(open);
  const { effects } = open.options[String(result.option)]!;
  const called = effectsOf(`council.${open.id}`, Object.values(effects), state.public.tick);
  const closed = withCouncil(state, faction, { seats });
  return {
    state: { ...closed, private: { ...closed.private, starting: [...closed.private.starting, ...called] } },
    happenings: [{ kind: "council", id: open.id, faction, step: "close", ...result }],
  };
}

/** The option of the greatest weight; the status quo, 0, where several have it or fewer than the quorum voted. */
export function resultOf({ options, voters, quorum }: Pick<Vote, "options" | "voters" | "quorum">): Result {
  if (voters < quorum) return { option: 0, reason: "no_quorum" };
  const weights = sortedKeys(options).map((place) => options[place]!.weight);
  const most = Math.max(...weights);
  const first = weights.indexOf(most);
  return first === weights.lastIndexOf(most)
    ? { option: first, reason: "voted" }
    : { option: 0, reason: "tie" };
}

/** Councils of factions that are gone go with them, whatever they vote on. */
export function dropCouncils(state: WorldState, known: (faction: string) => boolean): Changed {
  const left = <Council>(councils: ById<Council>): ById<Council> =>
    Object.fromEntries(entries(councils).filter(([faction]) => known(faction)));
  const { councils: seated } = state.private;
  return {
    state: {
      public: { ...state.public, councils: left(state.public.councils) },
      private: { ...state.private, ...(seated === undefined ? {} : { councils: left(seated) }) },
    },
    happenings: entries(state.public.councils).flatMap(([faction, { open }]): Happening[] =>
      known(faction) || open === undefined
        ? []
        : [{ kind: "council", id: open.id, faction, step: "close", option: 0, reason: "faction_gone" }],
    ),
  };
}

const withCouncil = (state: WorldState, faction: string, council: CouncilState): WorldState => ({
  ...state,
  public: { ...state.public, councils: { ...state.public.councils, [faction]: council } },
});
