/** Frames as msgpack that any decoder reads: plain maps, and integers as integers. */
import { Packr } from "msgpackr";
import type { FeedFrame } from "../../shared/contracts/feed.ts";

// Records are an extension of msgpackr's own. Maps get the shortest header: a frame is encoded once and sent to thousands.
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** A frame, ready for any number of sockets. */
export type EncodedFrame = { type: FeedFrame["type"]; bytes: Uint8Array; frame: FeedFrame };

/** The bytes are a copy of their own: they are held for many ticks, and the packer's buffer is reused. */
export const encodeFrame = (frame: FeedFrame): EncodedFrame => ({
  type: frame.type,
  frame,
  bytes: new Uint8Array(packr.pack(wide(frame))),
});

const MAX_UINT32 = 0xffff_ffff;
const MIN_INT32 = -0x8000_0000;

/** The same value with integers beyond 32 bits as `bigint`: msgpackr writes those numbers as floats. */
function wide(value: unknown): unknown {
  if (typeof value === "number") return value > MAX_UINT32 || value < MIN_INT32 ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(wide);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, wide(member)]));
}

/**
 * The type of an encoded frame, without decoding it: a map of less than 16 fields has a header of one byte, and `type` comes
 * first, so that its first letter is the eighth byte. Nothing for what is no such frame, as a ping.
 */
export const typeOf = (bytes: Uint8Array): FeedFrame["type"] | undefined => TYPES.get(bytes[7]);
const TYPES: ReadonlyMap<number | undefined, FeedFrame["type"]> = new Map(
  (["snapshot", "delta", "resync", "notice", "pulse", "alive"] as const).map((type) => [
    type.charCodeAt(0),
    type,
  ]),
);
