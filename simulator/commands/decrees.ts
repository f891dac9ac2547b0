/** Decrees: what a game master's word starts. Its effects outrank all others; their bounds are the schema's. */

import { effectsOf } from "../steps/effects.ts";
import type { CommandHandler } from "./command-handler.ts";

/** Whether its targets exist the normalizer has checked; one that a new ruleset removed meanwhile is refused at the start. */
export const issueDecree: CommandHandler<"decree"> = (state, { command_id: id, actor, payload }) => {
  const { text, effects, priority = 0 } = payload;
  const source = `decree.${id}`;
  const called = effectsOf(source, effects, state.public.tick, priority === 0 ? {} : { priority });
  const privateState = { ...state.private, starting: [...state.private.starting, ...called] };
  return {
    state: { ...state, private: privateState },
    happenings: [{ kind: "decree", id, text, author: actor.id }],
  };
};
