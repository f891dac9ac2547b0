/** The public read API, as far as the page uses it. */
import type { EffectState, FactionState, PublicState, TerritoryState } from "../../shared/contracts/world.ts";
import type { RealmMap } from "../map.ts";
import type { Shown } from "./past.ts";

export type RealmLine = { realm: string; name: string; status: string; tick: number };
type At = { realm: string; epoch: string; tick: number; at: string; hash: string };
/** Who will hold a territory, and between which ticks, if all goes on as it does. */
export type Forecast = { tick: number; low: number; high: number; to: string };
/** What the last tick moved, and what a push weighs now; basis points. */
export type Rates = {
  instability_bp: number;
  factions: Record<string, { control_bp: number; weight_bp: number; modifier_bp: number }>;
};
/** What the newest tick alone tells of a territory. */
export type Outlook = { forecast?: Forecast; rates?: Rates };
export type Territories = At & { territories: Record<string, TerritoryState & Outlook> };
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

export type PastTick = { epoch: string; hash: string; state: Shown };

/** Throws `ReadRefused` with the problem's own words. */
async function read<Body>(url: URL, signal?: AbortSignal): Promise<Body> {
  const answer = await fetch(url, signal === undefined ? {} : { signal });
  if (answer.ok) return (await answer.json()) as Body;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new ReadRefused(answer.status, problem.detail ?? `the server answers ${answer.status}`);
}

/** `url`: of the broadcaster. */
export const readRealms = async (url: string) =>
  (await read<{ realms: RealmLine[] }>(new URL("/api/world", url))).realms;

export class Reads {
  readonly realm: string;
  readonly url: string;

  constructor(url: string, realm: string) {
    this.url = url;
    this.realm = realm;
  }

  map = () => this.#part<At & RealmMap>("map");
  summary = () => this.#part<Summary>("summary");
  territories = () => this.#part<Territories>("territories");

  /** The realm as it was. Throws `ReadRefused`, also where the server answers with another tick than was asked for. */
  async tick(tick: number, signal?: AbortSignal): Promise<PastTick> {
    const query = { tick, ...(signal === undefined ? {} : { signal }) };
    const [summary, { factions, ...place }, { territories }] = await Promise.all([
      this.#part<Summary>("summary", query),
      this.#part<Factions>("factions", query),
      this.#part<Territories>("territories", query),
    ]);
    if (summary.tick !== tick || place.tick !== tick)
      throw new ReadRefused(200, "this server tells of the present only");
    const { season, status, meters, effects, at } = summary;
    const known = { tick, at, season, status, meters, effects, factions };
    const state = { ...known, territories };
    return { epoch: place.epoch, hash: place.hash, state };
  }

  #part<Body>(name: string, { tick, signal }: { tick?: number; signal?: AbortSignal } = {}): Promise<Body> {
    const url = new URL(`/api/world/${this.realm}/${name}`, this.url);
    if (tick !== undefined) url.searchParams.set("tick", `${tick}`);
    return read(url, signal);
  }
}
