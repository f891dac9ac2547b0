/** The hash of a public state, in Node and browsers alike, without a dependency. */

/**
 * RFC 8785 text of a value whose leaves are integers and strings, as all of the world's are: `JSON.stringify` writes those
 * canonically, and a sort of strings is by code unit. `canonical.ts` is for everything else; a test holds both together.
 */
export function plainCanonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(plainCanonical).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plainCanonical(member)}`).join(",")}}`;
}

/** SHA-256 of the canonical text, lower-case hex. Absent where a browser keeps WebCrypto from a page that came without TLS. */
export const hashState: ((state: unknown) => Promise<string>) | undefined =
  globalThis.crypto?.subtle &&
  (async (state) => {
    const text = new TextEncoder().encode(plainCanonical(state));
    const digest = await crypto.subtle.digest("SHA-256", text);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
