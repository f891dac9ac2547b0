/** Identities that follow from content: the same key gives the same id, whoever computes it. */
import { hash } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** Two characters for each 10 bits. */
const PAIRS = Array.from({ length: 1_024 }, (_, bits) => ALPHABET[bits >> 5]! + ALPHABET[bits & 31]!);

const [SHORT_CHARS, CHAR_BITS] = [26, 5];

/** The first 26 characters of lower-case base32 (RFC 4648) of SHA-256: 130 bits, two characters at a time. */
function shortHash(text: string): string {
  const digest = hash("sha256", text, "binary");
  let id = "";
  let [bits, left, at] = [0, 0, 0];
  while (id.length < SHORT_CHARS) {
    for (; left < 2 * CHAR_BITS; left += 8) bits = ((bits << 8) | digest.charCodeAt(at++)) & 0x3ffff;
    left -= 2 * CHAR_BITS;
    id += PAIRS[(bits >> left) & 1_023]!;
  }
  return id;
}

/** Of a candidate: realm, user and idempotency key, joined by line feeds. */
export const eventId = (realm: string, user: string, key: string): string =>
  shortHash(`${realm}\n${user}\n${key}`);

/** Of a command: made like an event's, with `m` for the user. */
export const commandId = (realm: string, key: string): string => shortHash(`${realm}\nm\n${key}`);
