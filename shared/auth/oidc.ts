/** JWTs of an identity provider (OpenID Connect): whose they are and what they may do. */
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { AccountId, Id } from "../contracts/ids.ts";
import { ReloadedFile } from "../process/reloaded-file.ts";
import { type Caller, SCOPES, type Scope } from "./scopes.ts";

/** Signatures by a key that the issuer alone has: `none` and shared secrets are none. */
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
const FETCH_TIMEOUT_MS = 3_000;
const CLOCK_TOLERANCE_SECONDS = 5;

const Claims = z.object({
  sub: AccountId,
  /** Names of other APIs' scopes may be among them. Absent: a player's. */
  scope: z.union([z.string(), z.array(z.string())]).default([]),
  realms: z.array(Id).optional(),
});
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export type OidcSettings = {
  issuer: string;
  audience: string;
  /** Where its keys are: a URL or the path of a file. */
  jwks: string;
};

/** The keys can't be had now: nothing can be said of any token. */
export class KeysUnavailable extends Error {}

export class Oidc {
  readonly #settings: OidcSettings;
  readonly #keys: () => JWTVerifyGetKey;

  /** `failed` is called when a file of keys can't be read any more. Throws where it can't be read at first. */
  constructor(settings: OidcSettings, failed: (error: unknown) => void) {
    this.#settings = settings;
    const { jwks } = settings;
    if (/^https?:\/\//.test(jwks)) {
      const remote = createRemoteJWKSet(new URL(jwks), { timeoutDuration: FETCH_TIMEOUT_MS });
      this.#keys = () => remote;
    } else {
      const file = new ReloadedFile(
        jwks,
        (text) => createLocalJWKSet(KeySet.parse(JSON.parse(text))),
        failed,
      );
      this.#keys = () => file.content;
    }
  }

  /** The caller of a token, or the reason of its refusal. Throws `KeysUnavailable`. */
  async callerOf(token: string): Promise<Caller | { refused: string }> {
    const { issuer, audience } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, this.#keys(), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp", "sub"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      const claims = Claims.safeParse(payload);
      if (!claims.success) {
        const claim = claims.error.issues[0]!.path.join(".");
        return { refused: `the token's claim ${claim} is not one that this API understands` };
      }
      const { sub, scope, realms } = claims.data;
      const names = new Set(typeof scope === "string" ? scope.split(" ") : scope);
      const scopes = new Set<Scope>(SCOPES.filter((known) => names.has(known)));
      return { name: sub, scopes, ...(realms === undefined ? {} : { realms: new Set(realms) }) };
    } catch (error) {
      if (error instanceof errors.JWKSTimeout) throw new KeysUnavailable("the issuer's keys do not come");
      if (error instanceof errors.JWTExpired) return { refused: "the token is expired" };
      if (error instanceof errors.JOSEError && error.code !== "ERR_JOSE_GENERIC")
        return { refused: "the token is not valid here" };
      throw new KeysUnavailable("the issuer's keys can't be read", { cause: error });
    }
  }
}
