/** Identities that follow from content: the same key gives the same id, whoever computes it. */
import { hash } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** Two characters for each 10 bits. */
const PAIRS = Array.from({ length: 1_024 }, (_, bits) => ALPHABET[bits >> 5]! + ALPHABET[bits & 31]!);

/** The first 26 characters of lower-case base32 (RFC 4648) of SHA-256: 130 bits, taken 20 at a time, which are 5 hex digits. */
function shortHash(text: string): string {
  const digest = hash("sha256", text, "hex");
  let id = "";
  for (let at = 0; at < 30; at += 5) {
    const bits = Number.parseInt(digest.slice(at, at + 5), 16);
    id += PAIRS[bits >> 10]! + PAIRS[bits & 1_023]!;
  }
  return id + PAIRS[Number.parseInt(digest.slice(30, 33), 16) >> 2]!;
}

/** Of a candidate: realm, user and idempotency key, joined by line feeds. */
export const eventId = (realm: string, user: string, key: string): string =>
  shortHash(`${realm}\n${user}\n${key}`);

/** Of a command: made like an event's, with `m` for the user. */
export const commandId = (realm: string, key: string): string => shortHash(`${realm}\nm\n${key}`);
