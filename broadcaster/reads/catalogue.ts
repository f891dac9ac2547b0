/**
 * The public reads as data: what each asks for, the schema of what it answers, and where the answer comes from. `serve.ts`
 * serves them and `openapi.ts` describes them.
 */
import { z } from "zod";
import { Language } from "../../shared/contracts/text.ts";
import type { RealmView } from "../realm/realm-view.ts";
import type { Shown } from "../realm/shown-world.ts";
import { mapOf } from "./map.ts";
import {
  actions,
  campaigns,
  councils,
  effects,
  eventPage,
  factions,
  forecast,
  placeOf,
  realms,
  relics,
  resources,
  season,
  state,
  summary,
  territories,
  triggers,
} from "./projections.ts";
import { EventPlace, LAST_OF_TICK, Limit, Tick } from "./query.ts";
import {
  Actions,
  Campaigns,
  Councils,
  Effects,
  Events,
  Factions,
  ForecastRead,
  PlacedMap,
  Realms,
  Relics,
  Resources,
  Season,
  State,
  Summary,
  Territories,
  Triggers,
} from "./schemas.ts";

const NO_QUERY = z.strictObject({});
const AT_TICK = z.strictObject({
  tick: Tick.optional().describe("The world after this tick, from its first one on; absent: the newest"),
});
const MAP_QUERY = z.strictObject({
  lang: Language.optional().describe("Names as texts of that language; absent: as the ruleset has them"),
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
  relics: part("Each relic: where it is, who holds it", Relics, relics),
  triggers: part(
    "Each world event: whether it is armed, and for how long its condition holds",
    Triggers,
    triggers,
  ),
  effects: part("What holds now: whom it reaches, how much, until when", Effects, effects),
  campaigns: part(
    "What runs: its side, goal and contributors, what its end brings and what follows",
    Campaigns,
    campaigns,
  ),
  actions: part("Sovereign actions that are open or were closed lately", Actions, actions),
  councils: part(
    "Each faction's council: seats taken, and the open vote with the weight of each option",
    Councils,
    councils,
  ),
  season: part(
    "The season, when it ends or the next one begins, and what that one begins with",
    Season,
    season,
  ),
  resources: part("Each faction's stocks", Resources, resources),
  state: part("The whole public state, of which `hash` is the hash", State, state),
};

export const CURRENT = {
  map: current(
    "Names, neighbours and places, as the ruleset in force has them",
    MAP_QUERY,
    PlacedMap,
    (view, { lang }) => ({ ...placeOf(view), ...mapOf(view.rules, view.state.campaigns, lang) }),
  ),
  forecast: current(
    "What may fall next if things go on as they do, and how good such forecasts were",
    NO_QUERY,
    ForecastRead,
    forecast,
  ),
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
