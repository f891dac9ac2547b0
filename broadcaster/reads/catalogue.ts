/**
 * The public reads as data: what each asks for, the schema of what it answers, and where the answer comes from. `serve.ts`
 * serves them and `openapi.ts` describes them.
 */
import { z } from "zod";
import type { RealmView } from "../realm/realm-view.ts";
import type { Shown } from "../realm/shown-world.ts";
import { mapOf } from "./map.ts";
import { eventPage, factions, placeOf, realms, summary, territories } from "./projections.ts";
import { EventPlace, LAST_OF_TICK, Limit, Tick } from "./query.ts";
import { Events, Factions, PlacedMap, Realms, Summary, Territories } from "./schemas.ts";

const NO_QUERY = z.strictObject({});
const AT_TICK = z.strictObject({
  tick: Tick.optional().describe("The world after this tick, from its first one on; absent: the newest"),
});
const EVENTS_QUERY = z.strictObject({
  since_tick: Tick.optional().describe("Events of later ticks than this one"),
  after: EventPlace.optional().describe("`next` of the page before; goes before `since_tick`"),
  limit: Limit.optional().describe("Events at most; 100 where it is absent"),
});
const DEFAULT_EVENTS = 100;

/** A part of a world, of its newest tick or with `?tick=N` of an earlier one. */
const part = <Body extends z.ZodType>(about: string, body: Body, of: (shown: Shown) => z.infer<Body>) => ({
  about,
  query: AT_TICK,
  body,
  of,
});
/** Something of a realm as it is now. */
const current = <Query extends z.ZodObject, Body extends z.ZodType>(
  about: string,
  query: Query,
  body: Body,
  of: (view: RealmView, query: z.infer<Query>) => z.infer<Body>,
) => ({ about, query, body, of });

export const REALMS = {
  path: "/api/world",
  about: "Every realm that is restored, by id",
  query: NO_QUERY,
  body: Realms,
  of: realms,
};

export const PARTS = {
  summary: part("Season, meters, standings, who controls what, effects", Summary, summary),
  factions: part("Each faction, with what the last tick brought and took", Factions, factions),
  territories: part(
    "Each territory, with what the last tick moved, what weighs in the next one, and what is forecast",
    Territories,
    territories,
  ),
};

export const CURRENT = {
  map: current("Names and neighbours, as the ruleset in force has them", NO_QUERY, PlacedMap, (view) => ({
    ...placeOf(view),
    ...mapOf(view.rules),
  })),
  events: current(
    "The public log, oldest first",
    EVENTS_QUERY,
    Events,
    (view, { since_tick, after, limit = DEFAULT_EVENTS }) => {
      return { ...placeOf(view), ...eventPage(view.log, eventsAfter({ after, since_tick }), limit) };
    },
  ),
};

/** The place that a page of events is asked for from: all of `since_tick` itself is left out. */
export const eventsAfter = ({
  after,
  since_tick,
}: Pick<z.infer<typeof EVENTS_QUERY>, "after" | "since_tick">) =>
  after ?? { tick: since_tick ?? 0, n: since_tick === undefined ? 0 : LAST_OF_TICK };

/** The path of a read of one realm. */
export const pathOf = (name: string): string => `/api/world/{realm}/${name}`;
