/** Tokens that open a player's feed: JWT, HS256 with `FEED_TOKEN_SECRET`, for one user of one realm, for a short time. */
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { AccountId, Id } from "../contracts/ids.ts";
import type { Env } from "../process/env.ts";

const AUDIENCE = "amoisekai-feed";
const ALGORITHM = "HS256";

const Claims = z.object({ sub: AccountId, realm: Id, exp: z.int() });

/** Whose notices a token opens, until when (Unix milliseconds). */
export type FeedPlayer = { user: string; expiresMs: number };

/**
 * Why a token opens nothing: it was good once, it is signed with a secret that isn't known here, or it never was one for this. A
 * secret that is being changed is known to some processes before it is to others, so what is unknown may be known soon.
 */
export type TokenRefusal = "expired" | "unknown" | "refused";

/** The secret in use, with the one before it during a change. */
export type TokenSecrets = string | readonly string[];

/** Those of an environment. */
export const tokenSecrets = ({
  FEED_TOKEN_SECRET: now,
  FEED_TOKEN_SECRET_PREVIOUS: before,
}: Pick<Env, "FEED_TOKEN_SECRET" | "FEED_TOKEN_SECRET_PREVIOUS">): readonly string[] =>
  before === undefined ? [now] : [now, before];

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

/** `expiresMs`: Unix milliseconds; rounded down to a second. Says since when it holds, for clients whose clock is off. */
export const issueFeedToken = (
  secret: string,
  realm: string,
  { user, expiresMs }: FeedPlayer,
): Promise<string> =>
  new SignJWT({ realm })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setSubject(user)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(Math.floor(expiresMs / 1_000))
    .sign(keyOf(secret));

/** Whose token this is, by whichever secret. Another algorithm, audience or realm is refused. `nowMs`: Unix milliseconds. */
export async function readFeedToken(
  secrets: TokenSecrets,
  realm: string,
  token: string,
  nowMs: number,
): Promise<FeedPlayer | TokenRefusal> {
  for (const secret of [secrets].flat()) {
    const read = await readWith(secret, realm, token, nowMs);
    if (read !== "unknown") return read;
  }
  return "unknown";
}

async function readWith(
  secret: string,
  realm: string,
  token: string,
  nowMs: number,
): Promise<FeedPlayer | TokenRefusal> {
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      algorithms: [ALGORITHM],
      audience: AUDIENCE,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(nowMs),
    });
    const claims = Claims.safeParse(payload);
    if (!claims.success || claims.data.realm !== realm) return "refused";
    return { user: claims.data.sub, expiresMs: claims.data.exp * 1_000 };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return "expired";
    if (error instanceof errors.JWSSignatureVerificationFailed) return "unknown";
    if (error instanceof errors.JOSEError || error instanceof TypeError) return "refused";
    throw error;
  }
}
