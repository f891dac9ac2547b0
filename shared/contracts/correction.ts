/** What a game master's correction sets. Every value is what holds afterwards, so that the value before undoes it. */
import { z } from "zod";
import { BasisPoints, Id } from "./ids.ts";
import { Thousandths } from "./leaves.ts";

const faction = Id;
/** By what is corrected: of which thing, and to which value. */
const SETS = {
  /** Weights by faction, apportioned to 10 000; a faction that isn't named has none. */
  control: {
    of: z.strictObject({ territory: Id }),
    value: z
      .record(Id, BasisPoints)
      .refine((weights) => Object.values(weights).some((weight) => weight > 0), "a weight must be above 0"),
  },
  /** Thousandths of a point. */
  influence: { of: z.strictObject({ faction }), value: Thousandths },
  /** Who controls a territory or holds a relic; `null`: nobody. */
  holder: {
    of: z.union([z.strictObject({ territory: Id }), z.strictObject({ relic: Id })]),
    value: faction.nullable(),
  },
  /** Thousandths of a point. */
  claim: { of: z.strictObject({ relic: Id, faction }), value: Thousandths },
  /** Thousandths of a unit. */
  resource: { of: z.strictObject({ faction, resource: Id }), value: Thousandths },
} as const;
type What = keyof typeof SETS;

/** A correction as it is asked for, with what is said of it besides. */
export function corrections<Besides extends z.ZodRawShape>(besides: Besides) {
  const setting = <Kind extends What>(what: Kind) =>
    z.strictObject({ ...besides, what: z.literal(what), ...SETS[what] });
  return z.discriminatedUnion("what", [
    setting("control"),
    setting("influence"),
    setting("holder"),
    setting("claim"),
    setting("resource"),
  ]);
}

/** A correction as it is told: with the value before, by which it is undone. */
export function toldCorrections<Besides extends z.ZodRawShape>(besides: Besides) {
  const told = <Kind extends What>(what: Kind) =>
    z.strictObject({ ...besides, what: z.literal(what), ...SETS[what], before: SETS[what].value });
  return z.discriminatedUnion("what", [
    told("control"),
    told("influence"),
    told("holder"),
    told("claim"),
    told("resource"),
  ]);
}

export const Correction = corrections({});
export type Correction = z.infer<typeof Correction>;
export const ToldCorrection = toldCorrections({});
export type ToldCorrection = z.infer<typeof ToldCorrection>;
