/** The read API: each route with its query and where its answer comes from. From memory all of it, but for the past. */
import type { HttpRequest, HttpResponse, TemplatedApp } from "uWebSockets.js";
import { z } from "zod";
import { byCodeUnit } from "../shared/integers.ts";
import { type Answer, NO_SUCH_REALM, problemAnswer, REALM_NOT_READY, refusedBody, send } from "./answer.ts";
import type { Channel } from "./feed.ts";
import { mapOf } from "./map.ts";
import { EventPlace, Limit, readQuery, Tick } from "./query.ts";
import type { ReadLimit } from "./read-limit.ts";
import {
  type EventPlace as After,
  eventPage,
  factions,
  nextTick,
  placeOf,
  type Shown,
  summary,
  territories,
} from "./reads.ts";
import type { RealmView } from "./realm-view.ts";

export const NO_QUERY = z.strictObject({});
export const AT_TICK = z.strictObject({ tick: Tick.optional() });
export const EVENTS_QUERY = z.strictObject({
  since_tick: Tick.optional(),
  after: EventPlace.optional(),
  limit: Limit.optional(),
});
const DEFAULT_EVENTS = 100;

/** Parts of a world, of its newest tick or at `?tick=N`. */
export const PARTS = { summary, factions, territories };
type Part = (shown: Shown) => object;

/** What is past stays, but a realm may be restored to another past. */
const PAST = { "Cache-Control": "public, max-age=3600" };
const NEWEST = { "Cache-Control": "no-cache" };
const NO_SUCH_TICK = problemAnswer(404, "the realm has no such tick", {
  errors: [{ path: "tick", message: "is still to come" }],
});
const PAST_AWAY = problemAnswer(503, "the past can't be read just now", { headers: { "Retry-After": "2" } });

export type Reading = {
  channels: ReadonlyMap<string, Channel>;
  limit: ReadLimit;
  /** Whose reads count together. */
  addressOf: (res: HttpResponse, req: HttpRequest) => string;
};
type Read<Query> = (req: HttpRequest, query: Query) => Answer | Promise<Answer>;

/** The routes of the read API. */
export function serveReads(app: TemplatedApp, reading: Reading): void {
  const { channels } = reading;
  serveRead(app, "/api/world", reading, NO_QUERY, () => json(realms(channels), NEWEST));
  const serveRealm = <Query extends z.ZodType>(
    name: string,
    query: Query,
    read: (view: RealmView, query: z.infer<Query>, etag: string) => Answer | Promise<Answer>,
  ) =>
    serveRead(app, `/api/world/:realm/${name}`, reading, query, (req, asked) => {
      const channel = channels.get(req.getParameter(0) ?? "");
      if (channel === undefined) return NO_SUCH_REALM;
      if (channel.view === undefined) return REALM_NOT_READY;
      return read(channel.view, asked, req.getHeader("if-none-match"));
    });
  for (const [name, part] of Object.entries(PARTS))
    serveRealm(name, AT_TICK, (view, { tick }, etag) => {
      if (tick === undefined || tick === view.tick) return answerPart(view, part, NEWEST, etag);
      if (tick > view.tick) return NO_SUCH_TICK;
      return shownAt(view, tick).then(
        (shown) => answerPart(shown, part, PAST, etag),
        () => PAST_AWAY,
      );
    });
  serveRealm("map", NO_QUERY, (view) => json(map(view), NEWEST));
  serveRealm("events", EVENTS_QUERY, (view, { since_tick, after, limit = DEFAULT_EVENTS }) => {
    const from = after ?? {
      tick: since_tick ?? 0,
      n: since_tick === undefined ? 0 : Number.MAX_SAFE_INTEGER,
    };
    return json(events(view, from, limit), NEWEST);
  });
}

/** Names and neighbours, as the ruleset in force has them. */
export const map = (view: RealmView) => ({ ...placeOf(view), ...mapOf(view.rules) });

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

/** A page of the public log, under the place of the newest tick. */
export const events = (view: RealmView, after: After, limit: number) => ({
  ...placeOf(view),
  ...eventPage(view.log, after, limit),
});

/** The world after a past tick; without rates, since its rules may have been others than today's. */
async function shownAt({ realm, epoch, past }: RealmView, tick: number): Promise<Shown> {
  const found = await past?.stateAt(tick);
  if (found === undefined) throw new Error(`WORLD tells no state of tick ${tick}`);
  return { realm, epoch, hash: found.hash, state: found.state };
}

/** A route that counts against its reader's limit, and whose query is checked first. */
function serveRead<Query extends z.ZodType>(
  app: TemplatedApp,
  path: string,
  { limit, addressOf }: Reading,
  query: Query,
  read: Read<z.infer<Query>>,
): void {
  app.get(path, (res, req) => {
    if (refusedBody(res, req)) return;
    const allowance = limit.take(addressOf(res, req), Date.now());
    const headers = limit.headers(allowance);
    const withLimit = (answer: Answer): Answer => ({ ...answer, headers: { ...answer.headers, ...headers } });
    if (!allowance.allowed)
      return send(res, withLimit(problemAnswer(429, `only ${limit.perMinute} reads a minute are answered`)));
    const asked = readQuery(req, query);
    const answer = "refusal" in asked ? asked.refusal : read(req, asked.query);
    if (!(answer instanceof Promise)) return send(res, withLimit(answer));
    let aborted = false;
    res.onAborted(() => {
      aborted = true;
    });
    void answer.then((late) => {
      if (!aborted) res.cork(() => send(res, withLimit(late)));
    });
  });
}

const json = (body: object, headers: Record<string, string>): Answer => ({
  status: "200 OK",
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** A part of a world changes with its ticks and with nothing else, so its place is its version. */
function answerPart(shown: Shown, part: Part, caching: Record<string, string>, known: string): Answer {
  const etag = `"${shown.epoch}.${shown.state.tick}.${shown.hash.slice(0, 16)}"`;
  const headers = { ...caching, ETag: etag };
  return known === etag ? { status: "304 Not Modified", headers } : json(part(shown), headers);
}
