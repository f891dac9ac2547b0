/** Serves the catalogue of reads from memory; past ticks are read from WORLD. */
import { createHash } from "node:crypto";
import type { z } from "zod";
import type { Answer } from "../http/engine.ts";
import { problemAnswer } from "../http/response.ts";
import type { Routes } from "../http/routes.ts";
import type { Visit } from "../http/visit.ts";
import type { Channels } from "../realm/channels.ts";
import type { RealmView } from "../realm/realm-view.ts";
import type { Shown } from "../realm/shown-world.ts";
import { CURRENT, eventsAfter, PARTS, pathOf, REALMS } from "./catalogue.ts";
import { type EventPlace, isBefore } from "./projections.ts";
import { readQuery } from "./query.ts";

const NO_SUCH_TICK = problemAnswer(404, "the realm has no such tick", {
  errors: [{ path: "tick", message: "is still to come" }],
});
const PAST_AWAY = problemAnswer(503, "past ticks can't be read at the moment: try again", {
  headers: { "Retry-After": "2" },
});

/** Deadline for reading a past tick, ms. */
const PAST_PATIENCE_MS = 10_000;

type Read<Query> = (visit: Visit, query: Query) => Answer | Promise<Answer>;

/** The routes of the read API. */
export function serveReads<Data>(routes: Routes<Data>, channels: Channels): void {
  serveRead(routes, REALMS.path, REALMS.query, () => json(REALMS.of(channels)));
  const serveRealm = <Query extends z.ZodType>(
    name: string,
    query: Query,
    read: (view: RealmView, query: z.infer<Query>, etag: string) => Answer | Promise<Answer>,
  ) =>
    serveRead(routes, pathOf(name), query, ({ realm, request }, asked) => {
      const channel = channels.shown(realm);
      return "status" in channel ? channel : read(channel.view, asked, request.header("if-none-match"));
    });
  for (const [name, { query, of }] of Object.entries(PARTS))
    serveRealm(name, query, (view, { tick }, etag) => {
      if (tick === undefined || tick === view.tick) return answerPart(view, of, etag);
      if (tick > view.tick) return NO_SUCH_TICK;
      return inTime(shownAt(view, tick)).then(
        (shown) => answerPart(shown, of, etag),
        () => PAST_AWAY,
      );
    });
  const { map, events, forecast } = CURRENT;
  const serveCurrent: Record<keyof typeof CURRENT, () => void> = {
    map: () => serveRealm("map", map.query, (view, asked) => json(map.of(view, asked))),
    forecast: () => serveRealm("forecast", forecast.query, (view, asked) => json(forecast.of(view, asked))),
    events: () =>
      serveRealm("events", events.query, (view, asked) => {
        const { forgotten } = view;
        const place = eventsAfter(asked);
        // A place in the future would skip what happens until then.
        if (place.tick > view.tick) return stillToCome(asked.after === undefined ? "since_tick" : "after");
        const lost = forgotten !== undefined && isBefore(place, forgotten);
        return lost ? forgottenBefore(forgotten) : json(events.of(view, asked));
      }),
  };
  for (const serve of Object.values(serveCurrent)) serve();
}

const stillToCome = (path: string): Answer =>
  problemAnswer(404, "the realm has no such tick yet", { errors: [{ path, message: "is still to come" }] });

const forgottenBefore = ({ tick, n }: EventPlace): Answer =>
  problemAnswer(404, `events up to ${tick}.${n} are no longer held here: ask from there on`, {
    errors: [{ path: "after", message: `must not be before ${tick}.${n}` }],
  });

/** The world after a past tick; without rates, since its rules may have been others than today's. */
async function shownAt({ realm, epoch, past }: RealmView, tick: number): Promise<Shown> {
  const found = await past?.stateAt(tick);
  if (found === undefined) throw new Error(`WORLD tells no state of tick ${tick}`);
  return { realm, epoch, hash: found.hash, state: found.state };
}

/** Rejects at the deadline; the read goes on in the background. */
async function inTime<Value>(value: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("reading the past tick took too long")), PAST_PATIENCE_MS);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A route whose query is checked first. */
function serveRead<Data, Query extends z.ZodType>(
  routes: Routes<Data>,
  path: string,
  query: Query,
  read: Read<z.infer<Query>>,
): void {
  routes.get(path, (visit) => {
    const asked = readQuery(visit.request, query);
    const answer = "refusal" in asked ? asked.refusal : read(visit, asked.query);
    if (answer instanceof Promise) void answer.then((late) => visit.send(late));
    else visit.send(answer);
  });
}

/** Asked for again each time, by its version: also the past, since a realm may be made anew or restored to another one. */
const CACHING = { "Cache-Control": "no-cache" };

const json = (body: object): Answer & { body: string } => ({
  status: "200 OK",
  headers: { "Content-Type": "application/json", ...CACHING },
  body: JSON.stringify(body),
});

/**
 * The version of a part is that of its text: pressure and forecasts come between ticks, and of a past tick less is known. So
 * broadcasters that share the port agree on it.
 */
function answerPart(shown: Shown, part: (shown: Shown) => object, known: string): Answer {
  const answer = json(part(shown));
  const etag = `"${createHash("sha256").update(answer.body).digest("hex").slice(0, 32)}"`;
  const headers = { ...answer.headers, ETag: etag };
  return isKnown(etag, known)
    ? { status: "304 Not Modified", headers: { ...CACHING, ETag: etag } }
    : { ...answer, headers };
}

/** `known`: an `If-None-Match` (RFC 9110, 13.1.2), whose versions a proxy that compresses has made weak. */
const isKnown = (etag: string, known: string): boolean =>
  known === "*" || known.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
