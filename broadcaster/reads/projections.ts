/** Projections of a world for the public reads: parts of it with their place. Pure; the same for the newest tick and past ones. */

import type { Forecast, ServedForecast, TerritoryForecast } from "../../shared/contracts/forecast.ts";
import type { DerivedEvent, PublicState } from "../../shared/contracts/world.ts";
import { find, mapById } from "../../shared/exact/by-id.ts";
import { byCodeUnit, sortedKeys } from "../../shared/exact/integers.ts";
import { carriedOver } from "../../shared/world/carried-over.ts";
import { nextTickMs } from "../../shared/world/due.ts";
import type { Channel } from "../feed/channel.ts";
import { type FactionRates, factionRates, type TerritoryRates, territoryRates } from "../realm/rates.ts";
import type { Shown } from "../realm/shown-world.ts";

/** Where an answer stands. */
export const placeOf = ({ realm, epoch, hash, state }: Shown) => ({
  realm,
  epoch,
  tick: state.tick,
  at: state.at,
  hash,
});

/** When the next tick is due, RFC 3339; absent while the realm doesn't tick by itself, and from the past. */
function nextTick({ state, rules }: Shown): { next_tick_at?: string } {
  if (state.status === "maintenance" || rules === undefined) return {};
  return { next_tick_at: new Date(nextTickMs(state, rules.tick_seconds)).toISOString() };
}

/** The realms that are restored, by id. */
export function realms(channels: ReadonlyMap<string, Channel>) {
  const shown = [...channels.values()].sort((a, b) => byCodeUnit(a.realm, b.realm));
  return {
    realms: shown.flatMap(({ realm, name, view }) => {
      if (view === undefined) return [];
      const { status, season, tick, at } = view.state;
      return [{ realm, name, status, season, tick, at, hash: view.hash, ...nextTick(view) }];
    }),
  };
}

/** Factions from the largest share to the smallest, ties by id. */
export function standings({ factions }: PublicState) {
  return sortedKeys(factions)
    .map((faction) => {
      const { share_bp, trend_bp } = factions[faction]!;
      return { faction, share_bp, trend_bp };
    })
    .sort((a, b) => b.share_bp - a.share_bp || byCodeUnit(a.faction, b.faction));
}

/** Who controls what, of the territories that somebody controls. */
function controllers({ territories }: PublicState): Record<string, string> {
  const controlled = sortedKeys(territories).flatMap((id) => {
    const { controller } = territories[id]!;
    return controller === undefined ? [] : [[id, controller]];
  });
  return Object.fromEntries(controlled);
}

export const summary = (shown: Shown) => ({
  ...placeOf(shown),
  season: shown.state.season,
  status: shown.state.status,
  meters: shown.state.meters,
  standings: standings(shown.state),
  controllers: controllers(shown.state),
  effects: shown.state.effects,
  ...nextTick(shown),
});

export const factions = (shown: Shown) => ({
  ...placeOf(shown),
  factions: mapById(shown.state.factions, (faction, id) => withRates(faction, factionRates(shown, id))),
});

export const territories = (shown: Shown) => ({
  ...placeOf(shown),
  territories: mapById(shown.state.territories, (territory, id) => ({
    ...withRates(territory, territoryRates(shown, id)),
    ...forecastOf(shown, id),
  })),
});

/** One part of the state as it is; `none` where an earlier engine's state has no such part. */
const partOf =
  <Name extends "relics" | "triggers" | "effects" | "campaigns" | "actions" | "councils">(name: Name) =>
  (shown: Shown) => ({
    ...placeOf(shown),
    ...({ [name]: shown.state[name] ?? {} } as Pick<PublicState, Name>),
  });
export const relics = partOf("relics");
export const triggers = partOf("triggers");
export const effects = partOf("effects");
export const campaigns = partOf("campaigns");
export const actions = partOf("actions");
export const councils = partOf("councils");

export const resources = (shown: Shown) => ({
  ...placeOf(shown),
  resources: mapById(shown.state.factions, (faction) => faction.resources),
});

export function season(shown: Shown) {
  const { season: number, status, calendar } = shown.state;
  const isClosed = calendar?.closed_tick !== undefined;
  return {
    ...placeOf(shown),
    season: number,
    status,
    ...(calendar === undefined ? {} : { calendar }),
    ...(isClosed && shown.rules !== undefined ? { next: carriedOver(shown.state, shown.rules) } : {}),
    ...nextTick(shown),
  };
}

export const state = (shown: Shown) => ({ ...placeOf(shown), state: shown.state });

/** Rather none than an older one: by then other things have happened than it knew of. */
const FORECAST_MAX_AGE_TICKS = 4;

/** The last forecast, while it is young and of this past. */
function youngForecast(shown: Shown): { made: Forecast; age: number } | undefined {
  const { forecast: made } = shown;
  if (made === undefined || shown.knows?.(made.tick, made.hash) !== true) return undefined;
  const age = shown.state.tick - made.tick;
  return age > FORECAST_MAX_AGE_TICKS ? undefined : { made, age };
}

function forecastOf(shown: Shown, id: string): { forecast?: ServedForecast } {
  const young = youngForecast(shown);
  const territory = young && find(young.made.territories, id);
  if (territory === undefined || territory.until_tick <= shown.state.tick) return {};
  return { forecast: served(territory, young!) };
}

const served = (
  territory: TerritoryForecast,
  { made, age }: { made: Forecast; age: number },
): ServedForecast => ({ ...territory, as_of_tick: made.tick, age_ticks: age });

export function forecast(shown: Shown) {
  const young = youngForecast(shown);
  const { record } = shown.forecast ?? {};
  return {
    ...placeOf(shown),
    ...(young === undefined
      ? {}
      : { territories: mapById(young.made.territories, (territory) => served(territory, young)) }),
    ...(record === undefined ? {} : { record }),
  };
}

const withRates = <Part extends object, Rates extends FactionRates | TerritoryRates>(
  part: Part,
  rates: Rates | undefined,
): Part & { rates?: Rates } => (rates === undefined ? part : { ...part, rates });

/** A place in the public log: a tick, and the number of an event in it. */
export type EventPlace = { tick: number; n: number };

export const isBefore = (a: EventPlace, b: EventPlace): boolean =>
  a.tick < b.tick || (a.tick === b.tick && a.n < b.n);

/** Events after a place, oldest first; `next` is the place to go on from, also when there is nothing new. */
export function eventPage(
  log: readonly DerivedEvent[],
  after: EventPlace,
  limit: number,
): { events: DerivedEvent[]; next: string } {
  const from = firstAfter(log, after);
  const events = log.slice(from, from + limit);
  const { tick, n } = events.at(-1) ?? after;
  return { events, next: `${tick}.${n}` };
}

/** The index of the first event after a place; the log is in order. */
function firstAfter(log: readonly DerivedEvent[], { tick, n }: EventPlace): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const event = log[middle]!;
    if (event.tick < tick || (event.tick === tick && event.n <= n)) low = middle + 1;
    else high = middle;
  }
  return low;
}
