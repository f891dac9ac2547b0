/** Strength of secrets. Pure. */

export const LOCAL_INTERNAL_TOKEN = "local-internal-token";
export const LOCAL_FEED_SECRET = "local-feed-token-secret-of-32-bytes";
/** Secrets that stand in the source. */
export const LOCAL_SECRETS = [LOCAL_INTERNAL_TOKEN, LOCAL_FEED_SECRET];

/** Words that stand where somebody was to write a secret and didn't. */
const PLACEHOLDER = /change.?me|change.?this|example|placeholder|default|password|secret|insecure/i;

/**
 * Bits of entropy, at most, that a secret can have: characters that repeat an earlier run of three, or go on as the two before
 * them (`aaaa`, `1234`), are told by what stands before and count nothing; each other one as much as the characters differ.
 */
function bitsOf(secret: string): number {
  const codes = Array.from(secret, (char) => char.codePointAt(0)!);
  const seen = new Set<string>();
  let telling = 0;
  for (let i = 0; i < codes.length; i++) {
    const last = codes.slice(Math.max(0, i - 2), i + 1);
    const run = last.join(",");
    const isStep = last.length === 3 && last[1]! - last[0]! === last[2]! - last[1]!;
    if (!isStep && !(last.length === 3 && seen.has(run))) telling++;
    if (last.length === 3) seen.add(run);
  }
  return telling * Math.log2(new Set(codes).size);
}

/** Why a secret is none, or nothing where it is one. `minBits`: what it has to have at the least. */
export function weaknessOf(secret: string, minBits: number): string | undefined {
  if (LOCAL_SECRETS.includes(secret)) return "is the one of local mode, which everybody knows";
  if (PLACEHOLDER.test(secret))
    return "looks like a placeholder: take a random one (openssl rand -base64 32)";
  if (bitsOf(secret) < minBits)
    return `can be guessed (less than ${minBits} bits): take a random one (openssl rand -base64 32)`;
  return undefined;
}
