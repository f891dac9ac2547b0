/**
 * A world that an earlier engine left, as this one goes on with it. The tree has one engine: what it can't recompute it takes over,
 * at the first marker that it plays. Pure, so that everybody who plays that marker finds the same state.
 */
import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import { type RecordedRuleset, upcastRuleset } from "../../shared/past/upcast.ts";

export const engineOf = ({ private: { ruleset } }: WorldState): number => (ruleset as RecordedRuleset).engine;

/**
 * The same world in this engine's form. From engine 1: nothing but the rules changes. That engine knew no ticks of kind `status`, so
 * all that is absent from its states means what it means here, and a realm that stood still under it says so with its first tick.
 */
export const converted = (state: WorldState): WorldState =>
  engineOf(state) === ENGINE
    ? state
    : {
        public: state.public,
        private: { ...state.private, ruleset: upcastRuleset(state.private.ruleset) },
      };
