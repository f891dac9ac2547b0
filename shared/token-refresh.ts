/** A player's token, on the client's side: asked for before each connection, and again before it expires. */

export type TokenSource = () => string | Promise<string>;

/** A token is replaced when so much of its time is over, and asked for again after so long where that failed. */
const REFRESH_AT = 0.75;
const RETRY_MS = 5_000;
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
    try {
      return await this.#source();
    } catch (error) {
      this.#failed(`no token: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** Sends a later token in time, for as long as `stop` isn't called. `token`: the one that is in use. */
  keep(token: string | undefined, send: (token: string) => void): void {
    this.stop();
    const leftMs = token === undefined ? 0 : expiryMs(token) - Date.now();
    const waitMs = token === undefined ? RETRY_MS : Math.max(RETRY_MS / 5, leftMs * REFRESH_AT);
    const timer = setTimeout(
      async () => {
        const fresh = await this.get();
        if (this.#timer !== timer) return;
        if (fresh !== undefined) send(fresh);
        this.keep(fresh, send);
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

/** When a JWT expires, Unix milliseconds, as it says itself; the server alone checks it. 0 where it says nothing readable. */
function expiryMs(token: string): number {
  try {
    const payload = token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : 0;
  } catch {
    return 0;
  }
}
