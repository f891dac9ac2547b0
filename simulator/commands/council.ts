/**
 * Councils: a faction's most active users have its seats, and all its members vote on what it does. Who sits, who may vote
 * and what a vote weighs is decided by the normalizer and comes with the decided commands.
 */

import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { councilRules } from "../../shared/contracts/politics.ts";
import type { CouncilReason, CouncilState, Happening, WorldState } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
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
  const seats = councilOf(state, faction)?.seats ?? [];
  return actor.type === "gm" || (actor.type === "player" && seats.includes(actor.id));
}

/** Seats change at once. A council that still votes is closed as it stands: the normalizer counts for the newest alone. */
export const openCouncil: CommandHandler<"council.open"> = (
  state,
  { command_id: id, payload, seats, active },
) => {
  const { faction, options } = payload;
  const { tick, factions } = state.public;
  if (!Object.hasOwn(factions, faction)) return { refused: "unknown_faction" };
  const { state: before, happenings } = closeCouncil(state, faction);
  const closes_tick = tick + councilRules(state.private.ruleset).window_ticks;
  const open: Vote = {
    id,
    options,
    closes_tick,
    active: active ?? 0,
    weights: options.map(() => 0),
    voters: 0,
  };
  const opened: Happening = {
    kind: "council",
    id,
    faction,
    step: "open",
    options: options.map(({ text }) => text),
    closes_tick,
  };
  return {
    state: withCouncil(before, faction, { seats: seats ?? [], open }),
    happenings: [...happenings, opened],
  };
};

/** A vote is secret: it leaves no line in the public log, not even where it comes too late. */
export const castVote: CommandHandler<"council.vote"> = (state, { payload, council: id, weight }) => {
  const { faction, option } = payload;
  const council = councilOf(state, faction);
  const open = council?.open;
  if (council === undefined || open === undefined || open.id !== id) return { refused: "no_council" };
  if (option >= open.options.length) return { refused: "unknown_option" };
  const weights = open.weights.map((sum, i) => (i === option ? sum + (weight ?? 0) : sum));
  const counted = { ...open, weights, voters: open.voters + 1 };
  return { state: withCouncil(state, faction, { ...council, open: counted }), happenings: [] };
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
  for (const [faction, { open }] of entries(state.private.councils ?? {})) {
    if (open === undefined || !due(open)) continue;
    const closed = closeCouncil(current, faction, given);
    current = closed.state;
    happenings.push(...closed.happenings);
  }
  return { state: current, happenings };
}

/** `given`: the result, where it isn't for the votes to decide. */
function closeCouncil(state: WorldState, faction: string, given?: Result): Changed {
  const council = councilOf(state, faction);
  if (council?.open === undefined) return { state, happenings: [] };
  const { seats, open } = council;
  const result = given ?? resultOf(open, councilRules(state.private.ruleset).quorum_bp);
  const called = effectsOf(`council.${open.id}`, open.options[result.option]!.effects, state.public.tick);
  const closed = withCouncil(state, faction, { seats });
  return {
    state: { ...closed, private: { ...closed.private, starting: [...closed.private.starting, ...called] } },
    happenings: [{ kind: "council", id: open.id, faction, step: "close", ...result }],
  };
}

/** The option of the greatest weight; the status quo, 0, where several have it or `voters · 10000 < active · quorum`. */
export function resultOf(
  { weights, voters, active }: Pick<Vote, "weights" | "voters" | "active">,
  quorumBp: number,
): Result {
  if (voters * 10_000 < active * quorumBp) return { option: 0, reason: "no_quorum" };
  const most = Math.max(...weights);
  const first = weights.indexOf(most);
  return first === weights.lastIndexOf(most)
    ? { option: first, reason: "voted" }
    : { option: 0, reason: "tie" };
}

/** Councils of factions that are gone go with them, whatever they vote on. */
export function dropCouncils(state: WorldState, known: (faction: string) => boolean): Changed {
  const { councils } = state.private;
  if (councils === undefined) return { state, happenings: [] };
  const left = entries(councils).filter(([faction]) => known(faction));
  const gone = entries(councils).filter(([faction, { open }]) => !known(faction) && open !== undefined);
  return {
    state: { ...state, private: { ...state.private, councils: Object.fromEntries(left) } },
    happenings: gone.map(([faction, { open }]) => ({
      kind: "council",
      id: open!.id,
      faction,
      step: "close",
      option: 0,
      reason: "faction_gone",
    })),
  };
}

const councilOf = ({ private: { councils } }: WorldState, faction: string): CouncilState | undefined =>
  councils === undefined ? undefined : find(councils, faction);

const withCouncil = (state: WorldState, faction: string, council: CouncilState): WorldState => ({
  ...state,
  private: { ...state.private, councils: { ...state.private.councils, [faction]: council } },
});
