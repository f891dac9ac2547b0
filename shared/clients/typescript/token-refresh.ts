/** A player's token, on the client's side: asked for before each connection, and again before it expires. */

import { isNoToken } from "../../feed/no-token.ts";
import { jittered } from "../../process/backoff.ts";

/** A source that has no token just now answers with nothing, in any spelling: the client follows the public feed. */
export type TokenSource = () => Token | Promise<Token>;
type Token = string | null | undefined;

/** A token is replaced when so much of its time is over, and asked for again after so long where that failed. */
const REFRESH_AT = 0.75;
const RETRY_MS = 5_000;
/** Where there is none for long, it is asked for ever more seldom, up to this, ms. */
const MAX_RETRY_MS = 300_000;
/** A source that has no answer by then has none to give, ms. */
const ANSWER_MS = 10_000;
/** Of a token that is over by the clock here and doesn't say when it began; were it over, the server would end the socket. */
const UNKNOWN_MS = 60_000;
/** No timer takes more, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class TokenRefresh {
  readonly #source: TokenSource;
  readonly #failed: (message: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `failed` is told when the source has no token to give; it is asked again later. */
  constructor(source: TokenSource, failed: (message: string) => void) {
    this.#source = source;
    this.#failed = failed;
  }

  /** A token, or nothing where there is none to be had now. */
  async get(): Promise<string | undefined> {
    let late: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error(`its source doesn't answer`)), ANSWER_MS);
    });
    try {
      const token = await Promise.race([this.#source(), timeout]);
      return isNoToken(token) ? undefined : token;
    } catch (error) {
      this.#failed(`no token: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    } finally {
      clearTimeout(late);
    }
  }

  /** Sends a later token in time, for as long as `stop` isn't called. `token`: the one that is in use. */
  keep(token: string | undefined, send: (token: string) => void, missed = 0): void {
    this.stop();
    const waitMs =
      token === undefined
        ? jittered(Math.min(RETRY_MS * 2 ** missed, MAX_RETRY_MS))
        : Math.max(RETRY_MS / 5, leftMsOf(token) * REFRESH_AT);
    const timer = setTimeout(
      async () => {
        const fresh = await this.get();
        if (this.#timer !== timer) return;
        if (fresh !== undefined) send(fresh);
        this.keep(fresh, send, fresh === undefined ? missed + 1 : 0);
      },
      Math.min(waitMs, MAX_TIMER_MS),
    );
    this.#timer = timer;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * How long a JWT that came just now holds, ms, as it says itself; the server alone checks it. By the clock here where that
 * agrees with the token's own times, else by those alone: many a player's clock is off by more than a token's time.
 */
function leftMsOf(token: string): number {
  const { exp, iat } = timesOf(token);
  if (exp === undefined) return 0;
  const leftMs = exp * 1_000 - Date.now();
  const wholeMs = iat === undefined ? undefined : (exp - iat) * 1_000;
  if (leftMs <= 0) return wholeMs ?? UNKNOWN_MS;
  return wholeMs === undefined ? leftMs : Math.min(leftMs, wholeMs);
}

/** Unix seconds; nothing where the token says nothing readable. */
function timesOf(token: string): { exp?: number | undefined; iat?: number | undefined } {
  try {
    const payload = token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    const { exp, iat } = JSON.parse(atob(payload)) as { exp?: unknown; iat?: unknown };
    const number = (value: unknown) => (typeof value === "number" ? value : undefined);
    return { exp: number(exp), iat: number(iat) };
  } catch {
    return {};
  }
}
