/** Admission of sockets. HTTP refuses before the upgrade; a token is verified after it, and refused by a close code. */
import { type Place, Since } from "../../shared/contracts/feed.ts";
import { isNoToken } from "../../shared/feed/no-token.ts";
import type { Answer } from "../http/engine.ts";
import type { FeedLimits } from "../http/limits.ts";
import { problemAnswer } from "../http/response.ts";
import type { Visit } from "../http/visit.ts";
import type { Channels } from "../realm/channels.ts";
import type { Channel } from "./channel.ts";

export type Admission = {
  channel: Channel;
  address: string;
  /** The client's place, from `since`. */
  place: Place | undefined;
  /** As given, not yet verified. */
  token: string | undefined;
};

const ORIGIN_REFUSED = problemAnswer(403, "pages of this origin may not open the feed");
export const TOO_MANY_CONNECTIONS = problemAnswer(429, "this address has too many open connections", {
  headers: { "Retry-After": "10" },
});

/** The admission, or the response that refuses it. */
export function admit(
  { request, realm, address }: Visit,
  channels: Channels,
  limits: FeedLimits,
): Admission | Answer {
  const channel = channels.shown(realm);
  if ("status" in channel) return channel;
  const origin = request.header("origin");
  if (limits.origins !== undefined && origin !== "" && !limits.origins.has(origin)) return ORIGIN_REFUSED;
  const query = new URLSearchParams(request.query);
  const given = query.get("since");
  const place = given === null ? undefined : Since.safeParse(given);
  if (place?.success === false) {
    const errors = place.error.issues.map(({ message }) => ({ path: "since", message }));
    return problemAnswer(400, "since is not a place on the feed", { errors });
  }
  const token = query.get("token") ?? undefined;
  return { channel, address, place: place?.data, token: isNoToken(token) ? undefined : token };
}
