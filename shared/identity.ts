/** Identities that follow from content: the same key gives the same id, whoever computes it. */
import { hash } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** The first 26 characters of lower-case base32 (RFC 4648) of SHA-256: 130 bits. */
function shortHash(text: string): string {
  const digest = hash("sha256", text, "hex");
  let id = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; id.length < 26; i++) {
    held = ((held << 4) | Number.parseInt(digest[i]!, 16)) & 0xff;
    bits += 4;
    if (bits < 5) continue;
    bits -= 5;
    id += ALPHABET[(held >> bits) & 31];
  }
  return id;
}

/** Of a candidate: realm, user and idempotency key, joined by line feeds. */
export const eventId = (realm: string, user: string, key: string): string =>
  shortHash(`${realm}\n${user}\n${key}`);

/** Of a command: made like an event's, with `m` for the user. */
export const commandId = (realm: string, key: string): string => shortHash(`${realm}\nm\n${key}`);
