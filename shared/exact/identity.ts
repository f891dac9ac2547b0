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

/** The sender of a command. */
export type Speaker = { type: "player" | "gm" | "system"; id: string };

/**
 * Whose space a command's key belongs to: each player's own, the operators', or the steward's. So nobody can use up the key of
 * another, however well it can be guessed.
 */
export const keySpace = ({ type, id }: Speaker): string =>
  type === "player" ? `p.${id}` : type === "gm" ? "m" : "s";

/**
 * Of a command: made like an event's, with its key's space for the user. No user's id holds a dot, so no event has the id of a
 * player's or the steward's command; the operators' space is hashed as it was before there were others.
 */
export function commandId(realm: string, actor: Speaker, key: string): string {
  const space = keySpace(actor);
  return shortHash(`${realm}\n${space === "s" ? "s." : space}\n${key}`);
}

/** What an earlier release made of any command's key, whoever said it. */
export const earlierCommandId = (realm: string, key: string): string =>
  commandId(realm, { type: "gm", id: "" }, key);
