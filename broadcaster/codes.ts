/**
 * Close codes of the feed. From 4000 the client reconnects with `since`, after a jittered pause; from 4500 it doesn't: the same
 * again would end the same way. Besides them, a socket that is idle, sends too long a message or belongs to a broadcaster that
 * goes down is cut without a code (1006), which is to be treated like 4000.
 *
 * | code | name | reconnect | meaning |
 * |---|---|---|---|
 * | 4001 | slow | with `since` | it read too slowly, also after it was conflated to the newest snapshot once |
 * | 4500 | unexpected_message | no | it sent a message, and there is none that a client may send |
 */
export const CLOSE = {
  slow: { code: 4001, reason: "too slow: reconnect with since" },
  unexpectedMessage: { code: 4500, reason: "a client sends nothing on this feed" },
} as const;
export type Close = (typeof CLOSE)[keyof typeof CLOSE];
