/** A season of war: a crowd's deeds, aimed by faction and nature, through the real tick. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { Happening, PublicState } from "../../../shared/contracts/world.ts";
import { sortedKeys } from "../../../shared/exact/integers.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { type Folding, foldAccepted, type Moving, openFolding } from "../../../simulator/steps/fold.ts";
import { tick } from "../../../simulator/tick.ts";
import type { TickResult } from "../../../simulator/tick-result.ts";
import { chanceOf } from "../gym/accounts.ts";
import { Chance } from "../story/chance.ts";
import type { Deed } from "./crowd.ts";
import { NATURES, type Nature, type Temper, War } from "./war.ts";

/** Percent of the crowd by faction, in code-unit order of their ids. */
export type Split = readonly number[];

/** What is remembered of each tick. */
export type Moment = {
  happenings: readonly Happening[];
  world: Pick<PublicState, "territories" | "factions" | "meters">;
  /** Milli-points that burst caps cut, of all that was brought. */
  cut: number;
  brought: number;
};

const START_MS = Date.UTC(2026, 2, 1, 17);

/** Plays `deeds` from the realm's start. The same seed and split aim alike. `watch` sees each tick and what it folded. */
export function season(
  ruleset: Ruleset,
  deeds: readonly Deed[][],
  split: Split,
  seed: number,
  temper: Temper = "rallied",
  watch: (turned: TickResult, folding: Folding) => void = () => {},
): Moment[] {
  const factions = sortedKeys(ruleset.factions);
  const weights = Object.fromEntries(factions.map((id, i) => [id, split[i] ?? 0]));
  const sides = new Map<number, { faction: string; nature: Nature }>();
  const sideOf = (player: number) => {
    let side = sides.get(player);
    if (side === undefined) {
      const chance = chanceOf(seed, player + 1_000_000);
      side = { faction: chance.weighted(weights), nature: chance.weighted(NATURES[temper]) };
      sides.set(player, side);
    }
    return side;
  };
  const war = new War((id) => ruleset.territories[id]!.adjacent, new Chance(seed));
  let { state, record } = genesis("balance", ruleset, new Date(START_MS).toISOString());
  return deeds.map((done, i): Moment => {
    const folding = openFolding();
    for (const deed of done) {
      const { faction, nature } = sideOf(deed.player);
      foldAccepted(
        folding,
        aimed(
          deed,
          faction,
          () => war.push(state.public, faction, nature),
          () => war.claim(state.public, faction, nature),
        ),
      );
    }
    const result = tick(
      state,
      folding,
      {
        tick: i + 1,
        kind: "scheduled",
        at: new Date(START_MS + (i + 1) * ruleset.tick_seconds * 1_000).toISOString(),
        from_seq: i + 1,
        through_seq: i + 1,
      },
      { record_hash: record.hash, public_hash: record.public_hash },
    );
    ({ state, record } = result);
    watch(result, folding);
    const caps = Object.values(record.factions);
    return {
      happenings: record.events,
      world: state.public,
      cut: caps.reduce((sum, faction) => sum + Math.max(0, faction.sum - faction.cap), 0),
      brought: caps.reduce((sum, faction) => sum + faction.sum, 0),
    };
  });
}

/** The part of a decision that a tick looks at. */
function aimed(
  { event_id, player, points, moves }: Deed,
  faction_id: string,
  push: () => string,
  claim: () => string,
): Moving {
  return {
    event_id,
    user_id: `player-${player}`,
    faction_id,
    normalized_points: points,
    event_type: moves,
    source_seq: 1,
    ...(moves === "territory_push" ? { territory_id: push() } : {}),
    ...(moves === "relic_claim" ? { relic_id: claim() } : {}),
  };
}
