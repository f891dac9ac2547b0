/**
 * Voids: what an event brought its faction is taken back, as far as it has that much, and given back to the milli-point. What the event
 * moved besides, such as control or a claim, stays: others have built on it since.
 */
import type { WorldState } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import { MAX_VOIDS } from "../../shared/judgement/admission.ts";
import { mostByPlay } from "../../shared/world/check-ruleset.ts";
import type { CommandHandler } from "./command-handler.ts";

type Voided = NonNullable<WorldState["private"]["voided"]>;

/** Refused: `unknown_event`, `already_void`, `too_many`, `unknown_faction` where a ruleset took the faction away. */
export const voidEvent: CommandHandler<"event.void"> = (state, { command_id: id, actor, payload }) => {
  const { event, counted } = payload;
  const { voided = {} } = state.private;
  if (counted === undefined) return { refused: "unknown_event" };
  if (find(voided, event) !== undefined) return { refused: "already_void" };
  if (Object.keys(voided).length >= MAX_VOIDS) return { refused: "too_many" };
  const held = find(state.public.factions, counted.faction);
  if (held === undefined) return { refused: "unknown_faction" };
  const points = Math.min(counted.applied, held.influence);
  const { faction, territory, relic } = counted;
  const stays = territory ?? relic;
  return {
    state: withVoided(withInfluenceOf(state, faction, held.influence - points), {
      ...voided,
      [event]: { faction, points },
    }),
    happenings: [
      {
        ...{ kind: "void", id, author: actor.id, event, faction, points },
        ...(stays === undefined ? {} : { stays }),
      },
    ],
  };
};

/** Refused: `not_void`, `unknown_faction`, `above_maximum` where the faction has more by now than play could bring it. */
export const restoreEvent: CommandHandler<"event.restore"> = (state, { command_id: id, actor, payload }) => {
  const { [payload.event]: known, ...others } = state.private.voided ?? {};
  if (known === undefined) return { refused: "not_void" };
  const { faction, points } = known;
  const held = find(state.public.factions, faction);
  if (held === undefined) return { refused: "unknown_faction" };
  const influence = held.influence + points;
  if (BigInt(influence) > mostByPlay(state.private.ruleset).influence) return { refused: "above_maximum" };
  return {
    state: withVoided(withInfluenceOf(state, faction, influence), others),
    happenings: [{ kind: "restore", id, author: actor.id, event: payload.event, faction, points }],
  };
};

function withInfluenceOf(state: WorldState, id: string, influence: number): WorldState {
  const { factions } = state.public;
  return {
    ...state,
    public: { ...state.public, factions: { ...factions, [id]: { ...factions[id]!, influence } } },
  };
}

function withVoided({ private: { voided: _, ...rest }, ...state }: WorldState, voided: Voided): WorldState {
  return { ...state, private: { ...rest, ...(Object.keys(voided).length === 0 ? {} : { voided }) } };
}
