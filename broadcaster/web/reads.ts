/** The public read API, as far as the page uses it. */
import type { EffectState, FactionState, PublicState, TerritoryState } from "../../shared/contracts/world.ts";
import type { RealmMap } from "../map.ts";
import type { Shown } from "./past.ts";

export type RealmLine = { realm: string; name: string; status: string; tick: number };
type At = { realm: string; epoch: string; tick: number; at: string; hash: string };
/** Who will hold a territory, and between which ticks, if all goes on as it does. */
export type Forecast = { tick: number; low: number; high: number; to: string };
export type Territories = At & { territories: Record<string, TerritoryState & { forecast?: Forecast }> };
export type Factions = At & { factions: Record<string, FactionState> };
export type Summary = At & {
  season: number;
  status: PublicState["status"];
  meters: PublicState["meters"];
  effects: Record<string, EffectState>;
  next_tick_at?: string;
};

/** An answer that is none: `status` 0 where nobody answered. */
export class ReadRefused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const inPath = (realm: string, part: string) => `/api/world/${encodeURIComponent(realm)}/${part}`;

/** Throws `ReadRefused` with the problem's own words. */
async function read<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  const answer = await fetch(path, signal === undefined ? {} : { signal });
  if (answer.ok) return (await answer.json()) as Body;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new ReadRefused(answer.status, problem.detail ?? `the server answers ${answer.status}`);
}

export const readRealms = async () => (await read<{ realms: RealmLine[] }>("/api/world")).realms;
export const readMap = (realm: string) => read<At & RealmMap>(inPath(realm, "map"));
export const readSummary = (realm: string) => read<Summary>(inPath(realm, "summary"));
export const readTerritories = (realm: string) => read<Territories>(inPath(realm, "territories"));

export type PastTick = { epoch: string; hash: string; state: Shown };

/** A realm as it was. Throws `ReadRefused`, also where the server answers with another tick than was asked for. */
export async function readTick(realm: string, tick: number, signal?: AbortSignal): Promise<PastTick> {
  const part = <Body>(name: string) => read<Body>(inPath(realm, `${name}?tick=${tick}`), signal);
  const [summary, { factions, ...place }, { territories }] = await Promise.all([
    part<Summary>("summary"),
    part<Factions>("factions"),
    part<Territories>("territories"),
  ]);
  if (summary.tick !== tick || place.tick !== tick)
    throw new ReadRefused(200, "this server tells of the present only");
  const { season, status, meters, effects, at } = summary;
  const state = {
    tick,
    at,
    season,
    status,
    meters,
    effects,
    factions,
    territories: withoutForecasts(territories),
  };
  return { epoch: place.epoch, hash: place.hash, state };
}

const withoutForecasts = (territories: Territories["territories"]): Record<string, TerritoryState> =>
  Object.fromEntries(Object.entries(territories).map(([id, { forecast: _, ...rest }]) => [id, rest]));
