/** The public read API, as far as the page uses it. Its types are those that the server's own document is made of. */
import type { z } from "zod";
import type * as answers from "../reads/schemas.ts";
import type { Shown } from "./past.ts";

export type RealmLine = z.infer<typeof answers.Realms>["realms"][number];
export type Territories = z.infer<typeof answers.Territories>;
type Factions = z.infer<typeof answers.Factions>;
export type Summary = z.infer<typeof answers.Summary>;
export type RealmMap = z.infer<typeof answers.PlacedMap>;
/** What the newest tick alone tells of a territory: whether it may change hands, and what the tick moved. */
export type Outlook = Partial<Pick<Territories["territories"][string], "forecast" | "rates">>;
export type Forecast = NonNullable<Outlook["forecast"]>;
export type Rates = NonNullable<Outlook["rates"]>;

/** A read that failed: `status` 0 where the server did not answer. */
class ReadRefused extends Error {
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
  (await read<z.infer<typeof answers.Realms>>(new URL("/api/world", url))).realms;

export class Reads {
  readonly realm: string;
  readonly url: string;

  constructor(url: string, realm: string) {
    this.url = url;
    this.realm = realm;
  }

  map = () => this.#part<RealmMap>("map");
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
