/**
 * When a territory falls, if things go on as they do: the real tick, run forward many times on recent pressure drawn again
 * in blocks (a moving block bootstrap, Künsch 1989). Deterministic: its chance is seeded with the state's hash.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import type { TerritoryForecast } from "../../shared/contracts/forecast.ts";
import type { WorldState } from "../../shared/contracts/world.ts";
import type { ById } from "../../shared/exact/by-id.ts";
import { byCodeUnit, floorDiv, sortedKeys } from "../../shared/exact/integers.ts";
import { turn } from "../tick.ts";
import type { Turn } from "../tick-result.ts";
import { foldingOf, type PointsSample } from "./pressure.ts";

/** Ticks that are looked ahead. */
export const HORIZON_TICKS = 96;
/** Futures that are played. */
const FUTURES = 100;
/** Ticks of pressure in a row that are drawn together: what players do lasts for about an hour. */
const BLOCK_TICKS = 4;
/** Fewer ticks of pressure say nothing about the next ones. */
export const MIN_TICKS = 8;

/** Of a territory in one future: when it flips first, and to whom. */
type Fall = { tick: number; to: string };

/**
 * Of each territory that is contested or changes hands in at least one future in twenty. `publicHash`: of the state. Plays one
 * tick of one future between two `yield`s, so that the caller can do other work. Returns nothing where there is too little
 * pressure to draw from, or the realm stands still.
 */
export function* forecast(
  state: WorldState,
  publicHash: string,
  recent: readonly PointsSample[],
  { horizon = HORIZON_TICKS, futures = FUTURES } = {},
): Generator<void, ById<TerritoryForecast>> {
  if (recent.length < MIN_TICKS || state.public.status !== "active") return {};
  const chance = xoroshiro128plus(Number.parseInt(publicHash.slice(0, 8), 16) | 0);
  const falls = new Map<string, Fall[]>(sortedKeys(state.public.territories).map((id) => [id, []]));
  for (let i = 0; i < futures; i++) yield* play(quiet(state), draw(chance, recent, horizon), falls);
  return Object.fromEntries(
    [...falls].flatMap(([id, of]): [string, TerritoryForecast][] => {
      const probability_bp = floorDiv(of.length * 10_000, futures);
      const shown = state.public.territories[id]!.contested === 1 || probability_bp >= 500;
      return shown ? [[id, summary(of, futures, state.public.tick + horizon)]] : [];
    }),
  );
}

/** One future: each territory's first fall is noted. */
function* play(start: WorldState, pressures: PointsSample[], falls: Map<string, Fall[]>): Generator<void> {
  let state = start;
  const fallen = new Set<string>();
  for (const pressure of pressures) {
    yield;
    const turned: Turn = turn(state, foldingOf(pressure), nextMarker(state));
    state = turned.state;
    for (const happening of turned.happenings)
      if (happening.kind === "flip" && !fallen.has(happening.territory)) {
        fallen.add(happening.territory);
        falls.get(happening.territory)!.push({ tick: state.public.tick, to: happening.to });
      }
  }
}

/** Pressure of as many ticks as asked for, drawn in blocks from those that were. */
function draw(chance: RandomGenerator, recent: readonly PointsSample[], ticks: number): PointsSample[] {
  const drawn: PointsSample[] = [];
  while (drawn.length < ticks) {
    const from = uniformInt(chance, 0, Math.max(0, recent.length - BLOCK_TICKS));
    drawn.push(...recent.slice(from, from + BLOCK_TICKS));
  }
  return drawn.slice(0, ticks);
}

/** Pressure is within the limit of each user already, so the one that stands for all of them has none. */
function quiet({ public: world, private: privateState }: WorldState): WorldState {
  const { ruleset } = privateState;
  const contest = { ...ruleset.contest, user_push: Number.MAX_SAFE_INTEGER / 1_000 };
  return { public: world, private: { ...privateState, manual_ticks: [], ruleset: { ...ruleset, contest } } };
}

function nextMarker({ public: world, private: { ruleset } }: WorldState) {
  const at = new Date(Date.parse(world.at) + ruleset.tick_seconds * 1_000).toISOString();
  return { tick: world.tick + 1, kind: "scheduled" as const, at, from_seq: 0, through_seq: 0 };
}

/**
 * `tick`: the median of the first flip over all futures; `low` and `high` the first and last tenth of them, in between which it is
 * expected in four of five cases. What lies beyond the horizon is left out.
 */
function summary(falls: readonly Fall[], futures: number, until: number): TerritoryForecast {
  const ticks = falls.map(({ tick }) => tick).sort((a, b) => a - b);
  const quantile = (bp: number): number | undefined => ticks[Math.max(0, ceilOf(futures * bp) - 1)];
  const tick = quantile(5_000);
  const low = quantile(1_000);
  const high = quantile(9_000);
  const to = mostOf(falls.map((fall) => fall.to));
  return {
    probability_bp: floorDiv(falls.length * 10_000, futures),
    until_tick: until,
    ...(to === undefined ? {} : { to }),
    ...(low === undefined ? {} : { low }),
    ...(tick === undefined ? {} : { tick }),
    ...(high === undefined ? {} : { high }),
  };
}

const ceilOf = (product: number): number => floorDiv(product + 9_999, 10_000);

/** The most frequent id, ties by id. */
function mostOf(ids: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || byCodeUnit(a, b))[0]?.[0];
}
