import { SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";
import { issueFeedToken, readFeedToken } from "./feed-token.ts";

const SECRET = "a-secret-that-has-32-characters-or-more";
const NOW_MS = Date.UTC(2026, 0, 1);
const ada = { user: "ada", expiresMs: NOW_MS + 60_000 };
const read = (token: string, nowMs = NOW_MS) => readFeedToken(SECRET, "amoi-1", token, nowMs);

/** A token that is right but for what is changed. */
function signed(change: { claims?: object; alg?: string; secret?: string }): Promise<string> {
  const claims = { sub: "ada", realm: "amoi-1", aud: "amoisekai-feed", exp: ada.expiresMs / 1_000 };
  return new SignJWT({ ...claims, ...change.claims })
    .setProtectedHeader({ alg: change.alg ?? "HS256" })
    .sign(new TextEncoder().encode(change.secret ?? SECRET));
}

test("a token says whose it is and until when", async () => {
  expect(await read(await issueFeedToken(SECRET, "amoi-1", ada))).toEqual(ada);
  expect(await read(await signed({}))).toEqual(ada);
});

test("a token that has expired says so, to the second", async () => {
  const token = await issueFeedToken(SECRET, "amoi-1", ada);
  expect(await read(token, ada.expiresMs - 1)).toEqual(ada);
  expect(await read(token, ada.expiresMs)).toBe("expired");
});

test("another realm, algorithm or audience, and a missing or wrong claim, are refused", async () => {
  const wrong = [
    signed({ claims: { realm: "amoi-2" } }),
    signed({ claims: { realm: undefined } }),
    signed({ alg: "HS512", secret: SECRET.repeat(2) }),
    signed({ alg: "HS384" }),
    signed({ claims: { aud: "amoisekai-internal" } }),
    signed({ claims: { aud: undefined } }),
    signed({ claims: { exp: undefined } }),
    signed({ claims: { sub: undefined } }),
    signed({ claims: { sub: "../ada" } }),
    signed({ claims: { exp: ada.expiresMs / 1_000 + 0.5 } }),
    Promise.resolve(new UnsecuredJWT({ sub: "ada", realm: "amoi-1" }).setExpirationTime("1h").encode()),
    Promise.resolve("not.a.token"),
    Promise.resolve(""),
  ];
  for (const token of wrong) expect(await read(await token)).toBe("refused");
});

test("during a change of the secret tokens of both are read, and one of neither is unknown, which may pass", async () => {
  const [now, before, other] = ["a", "b", "c"].map((letter) => letter.repeat(32)) as [string, string, string];
  for (const secret of [now, before]) {
    const token = await issueFeedToken(secret, "amoi-1", ada);
    expect(await readFeedToken([now, before], "amoi-1", token, NOW_MS)).toEqual(ada);
    expect(await readFeedToken([now, before], "amoi-1", token, ada.expiresMs)).toBe("expired");
    expect(await readFeedToken([now, before], "amoi-2", token, NOW_MS)).toBe("refused");
  }
  expect(
    await readFeedToken([now, before], "amoi-1", await issueFeedToken(other, "amoi-1", ada), NOW_MS),
  ).toBe("unknown");
});
