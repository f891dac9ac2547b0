/** Canonical JSON (RFC 8785) and SHA-256: the one way anything of the world is hashed. */
import { hash } from "node:crypto";
import canonicalize from "canonicalize";

/** RFC 8785 text of a JSON value. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("not a JSON value");
  return text;
}

/** SHA-256, lower-case hex. */
export const sha256 = (data: string | Uint8Array): string => hash("sha256", data, "hex");

/** SHA-256 of the canonical form, lower-case hex. */
export const canonicalHash = (value: unknown): string => sha256(canonical(value));
