/**
 * A game master ends an effect before its time. The world keeps what it was until it would have ended by itself, so that it can be
 * restored with the rest of its time. Of a chain the effect alone ends: its campaign is closed by `campaign.close`.
 */
import type { PrivateState, WorldState } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
import { isAimed, MAX_ACTIVE_EFFECTS } from "../steps/effects.ts";
import type { CommandHandler } from "./command-handler.ts";

/** Effects that can be restored at once. */
export const MAX_ENDED = 64;

type Ended = NonNullable<PrivateState["ended"]>;

const withEnded = ({ ended: _before, ...rest }: PrivateState, ended: Ended): PrivateState =>
  Object.keys(ended).length === 0 ? rest : { ...rest, ended };

/** Forgets what would have ended by `tick`. */
export const stillRestorable = (privateState: PrivateState, tick: number): PrivateState =>
  privateState.ended === undefined
    ? privateState
    : withEnded(
        privateState,
        Object.fromEntries(entries(privateState.ended).filter(([, { until_tick }]) => until_tick > tick)),
      );

/** Refused: `unknown_effect`; `too_many` where as many as may be are ended already. */
export const endEffect: CommandHandler<"effect.end"> = (state, { actor, payload: { id } }) => {
  const { ended = {} } = state.private;
  const effect = find(state.public.effects, id);
  if (effect === undefined) return { refused: "unknown_effect" };
  if (find(ended, id) === undefined && Object.keys(ended).length >= MAX_ENDED) return { refused: "too_many" };
  const { [id]: _over, ...effects } = state.public.effects;
  return {
    state: {
      public: { ...state.public, effects },
      private: withEnded(state.private, { ...ended, [id]: effect }),
    },
    happenings: [{ kind: "effect_end", id, author: actor.id }],
  };
};

/**
 * Refused: `not_ended`; `overridden` where another effect has its id by now; `too_many`; `no_target` where a ruleset took away
 * what it reaches.
 */
export const restoreEffect: CommandHandler<"effect.restore"> = (state, { actor, payload: { id } }) => {
  const { ended = {} } = state.private;
  const effect = find(ended, id);
  if (effect === undefined) return { refused: "not_ended" };
  const refused = refusalOf(state, id, effect);
  if (refused !== undefined) return { refused };
  const { [id]: _restored, ...others } = ended;
  return {
    state: {
      public: { ...state.public, effects: { ...state.public.effects, [id]: effect } },
      private: withEnded(state.private, others),
    },
    happenings: [{ kind: "effect_start", id, effect, author: actor.id }],
  };
};

function refusalOf(
  { public: { effects }, private: { ruleset } }: WorldState,
  id: string,
  effect: Ended[string],
) {
  if (find(effects, id) !== undefined) return "overridden";
  if (Object.keys(effects).length >= MAX_ACTIVE_EFFECTS) return "too_many";
  return isAimed(effect, ruleset) ? undefined : "no_target";
}
