/** What the leaves of the world are: safe integers and strings, in the units that their names or these schemas say. */
import { z } from "zod";

/** How many, or which one: ticks, sequences, versions. */
export const Count = z.int().min(0);
export const Flag = z.literal([0, 1]);
/** Points, stocks and prices that can't be negative. */
export const Thousandths = z.int().min(0).describe("Thousandths");
/** A change of a share or factor, which may be a loss. */
export const BasisPointsChange = z.int().describe("Basis points, 10 000 = 1");
export const Instant = z.iso.datetime({ precision: 3 }).describe("RFC 3339, UTC, with milliseconds");
/** Of a canonical form. */
export const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("SHA-256, lower-case hex");
