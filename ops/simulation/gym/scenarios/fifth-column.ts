/**
 * A fifth column: saboteurs inside a faction spend a day's cap in the hours of its assault, so that its burst cap cuts what the
 * others push. Through the real tick; points are given, since the saboteurs' play is that of any eager player.
 */
import type { Ruleset } from "../../../../shared/contracts/ruleset.ts";
import { genesis } from "../../../../shared/world/genesis.ts";
import { foldAccepted, type Moving, openFolding } from "../../../../simulator/steps/fold.ts";
import { tick } from "../../../../simulator/tick.ts";
import { chanceOf } from "../accounts.ts";

/** What saboteurs send: influence that pushes nothing, or pushes of land where their faction needs none. */
type Sabotage = "plain" | "elsewhere";
export type FifthColumn = { seed: number; saboteurs: number; sabotage?: Sabotage };

const FACTION = "freeholds";
const ASSAULTED = "iron_gate";
/** Land that the faction holds already. */
const ELSEWHERE = ["salt_terrace", "river_mouth"] as const;
const ASSAILANTS = 60;
/** Of an assailant in a tick; together some 450 points. */
const PUSH_MILLI = [5_000, 10_000] as const;
/** A day's cap is spent within the hours that an unopposed crowd takes for a capital, and the next day's after midnight. */
const SABOTAGE_TICKS = 29;
const GIVEN_UP_AT = 192;

/** The tick of the flip; `GIVEN_UP_AT`, two days, where there was none until then. */
export function flipOf(ruleset: Ruleset, { seed, saboteurs, sabotage = "plain" }: FifthColumn): number {
  const chance = chanceOf(seed, -5);
  const startMs = Date.UTC(2026, 2, 1, 17);
  const tickMs = ruleset.tick_seconds * 1_000;
  let { state, record } = genesis("gym", ruleset, new Date(startMs).toISOString());
  const wasteMilli = Math.floor((ruleset.caps.user_day * 1_000) / SABOTAGE_TICKS);
  for (let n = 1; n < GIVEN_UP_AT; n++) {
    const folding = openFolding();
    const send = (user_id: string, normalized_points: number, territory_id?: string) => {
      const moves: Pick<Moving, "event_type" | "territory_id"> =
        territory_id === undefined
          ? { event_type: "influence_gain" }
          : { event_type: "territory_push", territory_id };
      const event_id = `${n}-${user_id}`;
      foldAccepted(folding, {
        event_id,
        user_id,
        faction_id: FACTION,
        normalized_points,
        source_seq: n,
        ...moves,
      });
    };
    for (let i = 0; i < ASSAILANTS; i++) send(`assailant-${i}`, chance.within(PUSH_MILLI), ASSAULTED);
    const rests = n >= 2 * SABOTAGE_TICKS;
    for (let i = 0; i < saboteurs && !rests; i++)
      send(`saboteur-${i}`, wasteMilli, sabotage === "plain" ? undefined : ELSEWHERE[i % 2]);
    const result = tick(
      state,
      folding,
      {
        tick: n,
        kind: "scheduled",
        at: new Date(startMs + n * tickMs).toISOString(),
        from_seq: n,
        through_seq: n,
      },
      { record_hash: record.hash, public_hash: record.public_hash },
    );
    ({ state, record } = result);
    if (state.public.territories[ASSAULTED]!.controller === FACTION) return n;
  }
  return GIVEN_UP_AT;
}

/** How much later the flip comes, of when it comes without saboteurs. */
export const delayOf = (ruleset: Ruleset, column: FifthColumn): number =>
  flipOf(ruleset, column) / flipOf(ruleset, { ...column, saboteurs: 0 }) - 1;
