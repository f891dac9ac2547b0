/** Voids: a game master takes back what an accepted event brought its faction, and gives it back. */
import { z } from "zod";
import { SOURCES } from "./candidate.ts";
import { AccountId, ContentId, Id } from "./ids.ts";
import { Count, Instant, Thousandths } from "./leaves.ts";

/** What the event had counted for, as the logs say. The API writes it: what a sender says of it is overwritten. */
export const Counted = z.strictObject({
  user: AccountId,
  device: AccountId.exactOptional(),
  faction: Id,
  source: z.enum(SOURCES),
  /** Where it pushed or claimed: what moved there stays. */
  territory: Id.exactOptional(),
  relic: Id.exactOptional(),
  /** Milli-points of its decision, which count in the day's caps, and those that its faction received. */
  normalized: Thousandths,
  applied: Thousandths,
  /** `YYYY-MM-DD`: the day whose caps it counted in. */
  day: z.iso.date(),
  received_at: Instant,
  source_seq: Count,
});
export type Counted = z.infer<typeof Counted>;

export const voiding = <Note extends z.ZodType>(note: Note) =>
  z.strictObject({ event: ContentId, note, counted: Counted.exactOptional() });
