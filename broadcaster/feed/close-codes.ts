/**
 * Close codes of the feed. From 4000 the client reconnects with `since`, after a jittered pause; from 4500 it doesn't: the same
 * again would end the same way. Besides them, a socket that is idle, sends too long a message, doesn't read up to its code or
 * belongs to a broadcaster that goes down is cut without a code (1006), which is to be treated like 4000.
 *
 * Before a socket is open, HTTP says no: 400 a wrong `since`, 403 an origin that isn't allowed, 404 no such realm, 410 it has ended, 429 too many
 * connections of one address, 503 the realm is being restored. A wrong token is told by a code, which a page can read.
 *
 * | code | name | reconnect | meaning |
 * |---|---|---|---|
 * | 4001 | slow | with `since` | it read too slowly, also after it was conflated to the newest snapshot once |
 * | 4002 | token_expired | with `since` and a fresh token | the player's token expired, and no later one came |
 * | 4003 | token_unknown | with `since` and a fresh token | the token is signed with a secret that isn't known here, as during a change of it |
 * | 4500 | unexpected_message | no | it sent a message, and there is none but a token that a client may send |
 * | 4501 | token_refused | no | the token is no token for this realm, or another player's than before |
 * | 4502 | flood | no | it sent more frames or bytes than a minute allows |
 * | 4503 | realm_ended | no | the realm has ended, and its id is never used again |
 */
export const CLOSE = {
  slow: { code: 4001, reason: "too slow: reconnect with since" },
  tokenExpired: { code: 4002, reason: "the token expired: reconnect with since and a fresh one" },
  tokenUnknown: {
    code: 4003,
    reason: "the token's signature isn't known here now: reconnect with a fresh one",
  },
  unexpectedMessage: { code: 4500, reason: "a client sends nothing on this feed but a token" },
  tokenRefused: { code: 4501, reason: "the token opens no feed of this realm" },
  flood: { code: 4502, reason: "more frames or bytes than a minute allows" },
  realmEnded: { code: 4503, reason: "realm_ended: the realm has ended" },
} as const;
export type Close = (typeof CLOSE)[keyof typeof CLOSE];
