/** What the story engine sees of the world: the part of a public state on which players act. Pure. */
import type { PublicState } from "../../../shared/contracts/public-state.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { entries, mapById } from "../../../shared/exact/by-id.ts";
import { type Controllers, controllersOf, firstControllers } from "./fronts.ts";

export type Seen = {
  tick: number;
  controllers: Controllers;
  factions: Readonly<Record<string, { share_bp: number; resources: Readonly<Record<string, number>> }>>;
  /** Running campaigns, each with the faction whose points alone count, if there is one. */
  campaigns: readonly { id: string; faction?: string }[];
  /** The council that votes now, by faction, and between how many options. */
  councils: Readonly<Record<string, { id: string; options: number }>>;
  /** Actions whose window is open. `cost` in thousandths of a unit. */
  proposed: readonly { id: string; faction: string; action_type: string; cost: number }[];
};

export const seenOf = ({ tick, territories, factions, campaigns, councils, actions }: PublicState): Seen => ({
  tick,
  controllers: controllersOf(territories),
  factions: mapById(factions, ({ share_bp, resources }) => ({ share_bp, resources })),
  campaigns: entries(campaigns).map(([id, { faction }]) => ({
    id,
    ...(faction === undefined ? {} : { faction }),
  })),
  councils: Object.fromEntries(
    entries(councils).flatMap(([faction, { open }]) =>
      open === undefined ? [] : [[faction, { id: open.id, options: Object.keys(open.options).length }]],
    ),
  ),
  proposed: entries(actions).flatMap(([id, { faction, action_type, cost, status }]) =>
    status === "proposed" ? [{ id, faction, action_type, cost }] : [],
  ),
});

/** The world at the start of a season. */
export const firstSight = (ruleset: Ruleset): Seen => ({
  tick: 0,
  controllers: firstControllers(ruleset),
  factions: {},
  campaigns: [],
  councils: {},
  proposed: [],
});
