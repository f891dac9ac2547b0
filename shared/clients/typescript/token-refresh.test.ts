import { setTimeout as delay } from "node:timers/promises";
import { SignJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { issueFeedToken } from "../../feed/feed-token.ts";
import { TokenRefresh } from "./token-refresh.ts";

const SECRET = "a-secret-that-has-32-characters-or-more";
let refresh: TokenRefresh | undefined;
afterEach(() => refresh?.stop());

/** A token of a server whose clock is so far from this one's, and that holds for so long; as a server without `iat` gives it. */
const tokenOf = (skewSeconds: number, seconds: number, { iat = true } = {}): Promise<string> => {
  const issued = Math.floor(Date.now() / 1_000) + skewSeconds;
  return new SignJWT({ sub: "ada", exp: issued + seconds, ...(iat ? { iat: issued } : {}) })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET));
};

/** How often a later token was asked for within so many milliseconds after this one. */
async function asked(token: string, withinMs: number): Promise<number> {
  let count = 0;
  refresh = new TokenRefresh(
    () => {
      count++;
      return token;
    },
    () => {},
  );
  refresh.keep(token, () => {});
  await delay(withinMs);
  refresh.stop();
  return count;
}

test("a token is replaced after three quarters of its time, whatever the clock here says", async () => {
  for (const skewSeconds of [0, 3_600, -3_600])
    expect(await asked(await tokenOf(skewSeconds, 2), 1_900)).toBe(1);
}, 10_000);

test("where the clock here is an hour ahead, no token is asked for every second", async () => {
  expect(await asked(await tokenOf(-3_600, 900), 2_500)).toBe(0);
  expect(await asked(await tokenOf(-3_600, 900, { iat: false }), 2_500)).toBe(0);
}, 10_000);

test("the server's own tokens say since when they hold", async () => {
  const token = await issueFeedToken(SECRET, "amoi-1", { user: "ada", expiresMs: Date.now() + 60_000 });
  const { iat } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { iat: number };
  expect(Math.abs(iat - Date.now() / 1_000)).toBeLessThan(5);
});

test("a source that never answers has no token to give, and says so", async () => {
  vi.useFakeTimers();
  try {
    const told: string[] = [];
    const asked = new TokenRefresh(
      () => new Promise(() => {}),
      (message) => told.push(message),
    ).get();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await asked).toBeUndefined();
    expect(told).toEqual(["no token: its source doesn't answer"]);
  } finally {
    vi.useRealTimers();
  }
});
