/** How every tick begins, whatever its kind: its place and time, and what takes effect with its marker. */
import type { RealmStatus } from "../../shared/contracts/command.ts";
import type { Happening, PublicState, WorldState } from "../../shared/contracts/world.ts";
import { reconcile } from "../commands/reconcile.ts";
import { effectiveRuleset } from "../duties/pending.ts";
import type { Folding } from "./fold.ts";

/** The log's clock may step back between two servers; the world's never does. */
export const placeOf = (
  { public: { at } }: WorldState,
  marker: { tick: number; at: string },
): Pick<PublicState, "tick" | "at"> => ({
  tick: marker.tick,
  at: new Date(Math.max(Date.parse(at), Date.parse(marker.at))).toISOString(),
});

/** The last state under the rules that hold from the marker on. */
export function underRules(
  state: WorldState,
  folding: Folding,
): { state: WorldState; happenings: Happening[] } {
  const { version, ruleset } = effectiveRuleset(state, folding);
  return version === state.public.ruleset_version
    ? { state, happenings: [] }
    : reconcile(state, version, ruleset);
}

export const statusChange = ({ public: world }: WorldState, status: RealmStatus): Happening[] =>
  status === world.status ? [] : [{ kind: "status", status }];
