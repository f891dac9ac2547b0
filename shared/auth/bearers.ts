/** The caller of a request by its bearer token: local mode's own, one of the tokens file, or a JWT of the identity provider. */
import { timingSafeEqual } from "node:crypto";
import type { Env } from "../process/env.ts";
import type { Log } from "../process/log.ts";
import { metrics } from "../process/metrics.ts";
import { ReloadedFile } from "../process/reloaded-file.ts";
import { Oidc } from "./oidc.ts";
import { type Caller, SCOPES } from "./scopes.ts";
import { LOCAL_INTERNAL_TOKEN } from "./secrets.ts";
import { callerOf, digestOf, type FileToken, tokensIn } from "./tokens-file.ts";

type Settings = Pick<
  Env,
  "MODE" | "INTERNAL_TOKEN" | "AMOI_TOKENS_FILE" | "AMOI_OIDC_ISSUER" | "AMOI_OIDC_AUDIENCE" | "AMOI_JWKS"
>;

/** The one who calls with local mode's token, unless they say another name. */
const LOCAL_CALLER: Caller = { name: "internal-api", scopes: new Set(SCOPES), anyActor: true };

/** The secret of local mode; production has none. */
export const internalToken = ({ MODE, INTERNAL_TOKEN }: Pick<Env, "MODE" | "INTERNAL_TOKEN">) =>
  MODE === "local" ? (INTERNAL_TOKEN ?? LOCAL_INTERNAL_TOKEN) : undefined;

export class Bearers {
  readonly #local: Buffer | undefined;
  readonly #file: ReloadedFile<FileToken[]> | undefined;
  readonly #oidc: Oidc | undefined;

  /** Throws where a file of tokens or keys can't be used. */
  constructor(settings: Settings, log: Log) {
    const token = internalToken(settings);
    this.#local = token === undefined ? undefined : digestOf(token);
    const failed = (what: string) => (error: unknown) => {
      metrics.tokenFileErrors.inc();
      log.error({ reason: String(error) }, `${what} can't be read any more; its last content stays in force`);
    };
    if (settings.AMOI_TOKENS_FILE !== undefined)
      this.#file = new ReloadedFile(settings.AMOI_TOKENS_FILE, tokensIn, failed("the tokens file"));
    const { AMOI_OIDC_ISSUER: issuer, AMOI_OIDC_AUDIENCE: audience, AMOI_JWKS: jwks } = settings;
    if (issuer !== undefined && audience !== undefined && jwks !== undefined)
      this.#oidc = new Oidc({ issuer, audience, jwks }, failed("the file of AMOI_JWKS"));
  }

  /** The caller of an `Authorization` header, or why it names none. Throws `KeysUnavailable`. */
  async callerOf(header: string | undefined): Promise<Caller | { refused: string }> {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(header ?? "")?.[1];
    if (token === undefined) return { refused: "a bearer token is required" };
    if (this.#local !== undefined && timingSafeEqual(digestOf(token), this.#local)) return LOCAL_CALLER;
    const named = this.#file && callerOf(this.#file.content, token);
    if (named !== undefined) return named;
    if (this.#oidc !== undefined && token.split(".").length === 3) return this.#oidc.callerOf(token);
    return { refused: "the bearer token is not known here" };
  }
}
