/** Public reads: parts of a realm's state with their place, as JSON from memory. */
import type { HttpRequest, TemplatedApp } from "uWebSockets.js";
import { byCodeUnit, sortedKeys } from "../shared/integers.ts";
import { type Answer, NO_SUCH_REALM, REALM_NOT_READY, serveGet } from "./answer.ts";
import type { Channel } from "./feed.ts";
import type { RealmView } from "./realm-view.ts";

/** Where an answer stands; `hash` is the `public_hash`. */
const placeOf = (view: RealmView) => ({
  realm: view.realm,
  epoch: view.epoch,
  tick: view.tick,
  at: view.state.at,
  hash: view.hash,
});

/** When the next tick is due, RFC 3339; absent while the realm doesn't tick by itself. */
function nextTick(view: RealmView): { next_tick_at?: string } {
  if (view.state.status !== "active") return {};
  return { next_tick_at: new Date(Date.parse(view.state.at) + view.tickSeconds * 1_000).toISOString() };
}

/** Factions from the largest share to the smallest, ties by id. */
export function standings({ state }: RealmView) {
  return sortedKeys(state.factions)
    .map((faction) => {
      const { share_bp, trend_bp } = state.factions[faction]!;
      return { faction, share_bp, trend_bp };
    })
    .sort((a, b) => b.share_bp - a.share_bp || byCodeUnit(a.faction, b.faction));
}

/** Who controls what, of the territories that somebody controls. */
function controllers({ state }: RealmView): Record<string, string> {
  const controlled = sortedKeys(state.territories).flatMap((id) => {
    const { controller } = state.territories[id]!;
    return controller === undefined ? [] : [[id, controller]];
  });
  return Object.fromEntries(controlled);
}

export const summary = (view: RealmView) => ({
  ...placeOf(view),
  season: view.state.season,
  status: view.state.status,
  meters: view.state.meters,
  standings: standings(view),
  controllers: controllers(view),
  effects: view.state.effects,
  ...nextTick(view),
});
export const factions = (view: RealmView) => ({ ...placeOf(view), factions: view.state.factions });
export const territories = (view: RealmView) => ({ ...placeOf(view), territories: view.state.territories });
/** Names and neighbours, as the ruleset in force has them. */
export const map = (view: RealmView) => ({ ...placeOf(view), ...view.map });

/** The realms that are restored, by id. */
export function realms(channels: ReadonlyMap<string, Channel>) {
  const shown = [...channels.values()].sort((a, b) => byCodeUnit(a.realm, b.realm));
  return {
    realms: shown.flatMap(({ realm, name, view }) =>
      view === undefined
        ? []
        : [
            {
              realm,
              name,
              status: view.state.status,
              season: view.state.season,
              tick: view.tick,
              at: view.state.at,
              hash: view.hash,
              ...nextTick(view),
            },
          ],
    ),
  };
}

/** The routes of the read API. */
export function serveReads(app: TemplatedApp, channels: ReadonlyMap<string, Channel>): void {
  serveGet(app, "/api/world", () => json(realms(channels)));
  for (const [name, read] of Object.entries({ summary, factions, territories, map }))
    serveGet(app, `/api/world/:realm/${name}`, (req) => {
      const channel = channels.get(req.getParameter(0) ?? "");
      if (channel === undefined) return NO_SUCH_REALM;
      return channel.view === undefined ? REALM_NOT_READY : answerView(req, channel.view, read);
    });
}

const json = (body: object, headers: Record<string, string> = {}): Answer => ({
  status: "200 OK",
  headers: { "Content-Type": "application/json", "Cache-Control": "no-cache", ...headers },
  body: JSON.stringify(body),
});

/** A part of a view changes with its ticks and with nothing else, so its place is its version. */
function answerView(req: HttpRequest, view: RealmView, read: (view: RealmView) => object): Answer {
  const etag = `"${view.epoch}.${view.tick}.${view.hash.slice(0, 16)}"`;
  const headers = { ETag: etag, "Access-Control-Expose-Headers": "ETag" };
  if (req.getHeader("if-none-match") === etag) return { status: "304 Not Modified", headers };
  return json(read(view), headers);
}
