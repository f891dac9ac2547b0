/** Schemas of the public reads' responses: their document is generated from them, and `projections.ts` is typed by them. */
import { z } from "zod";
import { RealmStatus } from "../../shared/contracts/command.ts";
import { Epoch } from "../../shared/contracts/feed.ts";
import { ForecastRecord, ServedForecast } from "../../shared/contracts/forecast.ts";
import { BasisPoints, Id } from "../../shared/contracts/ids.ts";
import { BasisPointsChange, Count, Hash, Instant } from "../../shared/contracts/leaves.ts";
import {
  DerivedEvent,
  FactionState,
  Meters,
  PublicState,
  TerritoryState,
} from "../../shared/contracts/world.ts";
import { FactionRates, TerritoryRates } from "../realm/rates.ts";
import { RealmMap } from "./map.ts";

/** Where an answer stands. `hash`: the `public_hash` of its tick. */
const place = { realm: Id, epoch: Epoch, tick: Count, at: Instant, hash: Hash };
const next_tick_at = Instant.exactOptional().describe("Absent while the realm doesn't tick by itself");

export const Realms = z.strictObject({
  realms: z.array(
    z.strictObject({
      realm: Id,
      name: z.string(),
      status: RealmStatus,
      season: Count,
      tick: Count,
      at: Instant,
      hash: Hash,
      next_tick_at,
    }),
  ),
});

export const Standing = z.strictObject({ faction: Id, share_bp: BasisPoints, trend_bp: BasisPointsChange });

export const Summary = z.strictObject({
  ...place,
  season: Count,
  status: RealmStatus,
  meters: Meters,
  standings: z.array(Standing).describe("From the largest share to the smallest"),
  controllers: z.record(Id, Id).describe("Who controls what, by territory"),
  effects: PublicState.shape.effects,
  next_tick_at,
});

export const Factions = z.strictObject({
  ...place,
  factions: z.record(Id, z.strictObject({ ...FactionState.shape, rates: FactionRates.exactOptional() })),
});

export const Territories = z.strictObject({
  ...place,
  territories: z.record(
    Id,
    z.strictObject({
      ...TerritoryState.shape,
      rates: TerritoryRates.exactOptional(),
      forecast: ServedForecast.exactOptional(),
    }),
  ),
});

export const ForecastRead = z.strictObject({
  ...place,
  /** What may fall; absent while the realm has no forecast of its last four ticks. */
  territories: z.record(Id, ServedForecast).exactOptional(),
  record: ForecastRecord.exactOptional(),
});

const { relics, triggers, effects, campaigns, actions, councils, calendar } = PublicState.shape;

export const Relics = z.strictObject({ ...place, relics });
export const Triggers = z.strictObject({ ...place, triggers });
export const Effects = z.strictObject({ ...place, effects });
export const Campaigns = z.strictObject({ ...place, campaigns });
export const Actions = z.strictObject({ ...place, actions });
export const Councils = z.strictObject({ ...place, councils });
export const Resources = z.strictObject({
  ...place,
  resources: z.record(Id, FactionState.shape.resources).describe("By faction; thousandths of a unit"),
});

const Land = TerritoryState.pick({ controller: true, control: true });
export const Season = z.strictObject({
  ...place,
  season: Count,
  status: RealmStatus,
  calendar: calendar.exactOptional().describe("Absent from ticks of an earlier engine"),
  next: z
    .strictObject({
      factions: z.record(Id, FactionState.pick({ influence: true, share_bp: true, resources: true })),
      territories: z.record(Id, Land),
    })
    .exactOptional()
    .describe("While the season is closed: what the next one begins with, if it began now"),
  next_tick_at,
});

export const State = z.strictObject({ ...place, state: PublicState });

export const PlacedMap = z.strictObject({ ...place, ...RealmMap.shape });

export const Events = z.strictObject({
  ...place,
  events: z.array(DerivedEvent).describe("Oldest first"),
  next: z.string().describe("`after` of the next page, also where there is nothing new yet"),
});
