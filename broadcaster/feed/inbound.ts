/** Messages of a client: tokens, pings and pongs, within limits by minute. */
import { TokenMessage } from "../../shared/contracts/feed.ts";
import { isNoToken } from "../../shared/feed/no-token.ts";
import type { FeedLimits } from "../http/limits.ts";
import type { Socket } from "./channel.ts";

const MINUTE_MS = 60_000;

/** Counts a frame of the client. Returns whether it exceeds the limit. */
export function floods({ sent }: Socket, bytes: number, limits: FeedLimits): boolean {
  const nowMs = performance.now();
  if (nowMs - sent.sinceMs >= MINUTE_MS) {
    sent.sinceMs = nowMs;
    sent.frames = 0;
    sent.bytes = 0;
  }
  sent.frames++;
  sent.bytes += bytes;
  return sent.frames > limits.framesPerMinute || sent.bytes > limits.bytesPerMinute;
}

/** The token of a message, `null` where it says that there is none; undefined where the message is any other. */
export function tokenOf(message: ArrayBuffer, isBinary: boolean): string | null | undefined {
  if (isBinary) return undefined;
  try {
    const { token } = TokenMessage.parse(JSON.parse(Buffer.from(message).toString("utf8")));
    return isNoToken(token) ? null : token;
  } catch {
    return undefined;
  }
}
