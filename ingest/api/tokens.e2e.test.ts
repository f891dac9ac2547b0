import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { readFeedToken } from "../../shared/feed/feed-token.ts";
import { readEnv } from "../../shared/process/env.ts";

const { FEED_TOKEN_SECRET: SECRET } = readEnv({});
let api: TestApi;
beforeAll(async () => {
  api = await testApi("tokens");
});
afterAll(() => api.close());

test("a token opens one player's feed in one realm, for a quarter of an hour", async () => {
  const beforeMs = Date.now();
  const { status, body } = await api.post("tokens/tokens", { user_id: "Ada_1" });
  expect(status).toBe(201);
  const { token, expires_at } = body as { token: string; expires_at: string };
  const player = await readFeedToken(SECRET, "tokens", token, Date.now());
  expect(player).toEqual({ user: "Ada_1", expiresMs: Date.parse(expires_at) });
  expect(Math.abs(Date.parse(expires_at) - beforeMs - 900_000)).toBeLessThan(2_000);
  expect(await readFeedToken(SECRET, "another", token, Date.now())).toBe("refused");
});

test("an unknown realm is a 404, a user who can't be one a 400 with the field's name, no token a 401", async () => {
  expect((await api.post("nowhere/tokens", { user_id: "ada" })).status).toBe(404);
  for (const user_id of ["", "a.b", "a b", undefined, 7]) {
    const { status, body } = await api.post("tokens/tokens", { user_id });
    expect({ status, errors: body.errors }).toMatchObject({ status: 400, errors: [{ path: "user_id" }] });
  }
  const answer = await api.post("tokens/tokens", { user_id: "ada" }, { authorization: "Bearer another" });
  expect(answer.status).toBe(401);
});
