/** What a client sends: a token, pings and pongs, all within what a minute allows. */
import { TokenMessage } from "../../shared/contracts/feed.ts";
import { isNoToken } from "../../shared/feed/no-token.ts";
import type { FeedLimits } from "../http/limits.ts";
import type { Socket } from "./channel.ts";

const MINUTE_MS = 60_000;

/** Counts a frame of the socket's client; says whether it is one too many. */
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
