/** Feed frames, server to client: msgpack maps over WebSocket. Integers are msgpack integers, also above 2^32. */
import { z } from "zod";
import { AccountId, Id } from "./ids.ts";
import { Count, Hash } from "./leaves.ts";
import { NoticesPart } from "./notice.ts";
import { DerivedEvent, PublicState, StatePatch } from "./world.ts";

/** Where a client stands: the last tick it applied, of which life of the realm. */
export type Place = { epoch: string; tick: number };

/** `since=<epoch>:<tick>`: the place that a client continues from. */
export const Since = z
  .string()
  .regex(/^[a-z0-9]{1,16}:(0|[1-9][0-9]{0,14})$/, "needs to be <epoch>:<tick>")
  .transform((text): Place => {
    const [epoch, tick] = text.split(":") as [string, string];
    return { epoch, tick: Number(tick) };
  });

/** Changes when the realm is restored or recreated: ticks of two epochs don't compare. */
export const Epoch = z.string().regex(/^[a-z0-9]{1,16}$/);

export const SnapshotFrame = z.strictObject({
  type: z.literal("snapshot"),
  realm: Id,
  epoch: Epoch,
  tick: Count,
  /** `public_hash`: of the canonical form of `state`. */
  hash: Hash,
  state: PublicState,
});
export type SnapshotFrame = z.infer<typeof SnapshotFrame>;

export const DeltaFrame = z.strictObject({
  type: z.literal("delta"),
  realm: Id,
  epoch: Epoch,
  tick: Count,
  /** `public_hash` before this tick. */
  prev: Hash,
  /** `public_hash` of the state after `patch`. */
  hash: Hash,
  patch: StatePatch,
  events: z.array(DerivedEvent),
});
export type DeltaFrame = z.infer<typeof DeltaFrame>;

/**
 * Why a client can't be brought up to date by deltas: it stood in another `epoch`, at a tick that is `too_old` to be held
 * or of the `future`, it read too slowly (`slow`), or the server itself had a `gap` in what it followed.
 */
export const ResyncReason = z.enum(["epoch", "too_old", "future", "slow", "gap"]);
export type ResyncReason = z.infer<typeof ResyncReason>;
/** The client drops its state; a snapshot follows. */
export const ResyncFrame = z.strictObject({ type: z.literal("resync"), reason: ResyncReason });
export type ResyncFrame = z.infer<typeof ResyncFrame>;

/**
 * One thing that a player is told: the item as the tick holds it, with its sentence in each language. `text` is absent where a newer
 * simulator says more than the feed knows.
 */
export const PassedItem = z.looseObject({
  id: z.string(),
  kind: z.string(),
  text: z.strictObject({ en: z.string(), vi: z.string() }).optional(),
});
export type PassedItem = z.infer<typeof PassedItem>;

/** `world.notices.<realm>` as the feed reads it. */
export const PassedNotices = NoticesPart.extend({
  notices: z.array(z.object({ user: AccountId, items: z.array(PassedItem) })),
});
export type PassedNotices = z.infer<typeof PassedNotices>;

/** To the player whose token opened the socket, after the tick's delta. Items may come again after a reconnect. */
export const NoticeFrame = z.strictObject({
  type: z.literal("notice"),
  tick: Count,
  items: z.array(PassedItem),
});
export type NoticeFrame = z.infer<typeof NoticeFrame>;

const Bands = z.record(Id, z.literal([0, 1, 2]));
/** `world.pulse.<realm>`, core NATS: by territory and faction, 0 under 10 pt of push since the last tick, 1 under 100 pt, 2 more. */
export const Pulse = z.object({
  realm: Id,
  next_tick: z.int().min(1),
  /** When that tick is due, RFC 3339 with milliseconds. */
  next_at: z.iso.datetime(),
  pressure: z.record(Id, Bands),
});
export type Pulse = z.infer<typeof Pulse>;
/** An undurable preview of the next tick, at most one a second. */
export const PulseFrame = z.strictObject({ type: z.literal("pulse"), ...Pulse.shape });
export type PulseFrame = z.infer<typeof PulseFrame>;

/**
 * Sent where a realm's feed would be silent otherwise, as in maintenance: the connection works, and this is the newest tick.
 * A client that gets no frame at all for 45 s may take its connection for dead.
 */
export const AliveFrame = z.strictObject({ type: z.literal("alive"), realm: Id, epoch: Epoch, tick: Count });
export type AliveFrame = z.infer<typeof AliveFrame>;

export type FeedFrame = SnapshotFrame | DeltaFrame | ResyncFrame | NoticeFrame | PulseFrame | AliveFrame;

/** All that a client may send, as a JSON text message: a fresh token, before the one that it opened the socket with expires. */
export const TokenMessage = z.strictObject({
  type: z.literal("token"),
  token: z.string().max(2_048).nullable(),
});
export type TokenMessage = z.infer<typeof TokenMessage>;
