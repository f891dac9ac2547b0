import { createHash } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readEnv } from "../process/env.ts";
import { openLog } from "../process/log.ts";
import { Bearers } from "./bearers.ts";
import { KeysUnavailable } from "./oidc.ts";
import { tokensIn } from "./tokens-file.ts";

const ISSUER = "https://issuer.example";
const AUDIENCE = "amoisekai";
const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test");
let folder: string;
let made = 0;
let issuer: Server;
let jwksUrl: string;
/** What the issuer does with a request for its keys. */
let keys: (() => string) | undefined;

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const pairs = new Map<string, Pair>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amoi-bearers-"));
  for (const alg of ["RS256", "ES256", "EdDSA", "RS512"]) pairs.set(alg, await generateKeyPair(alg));
  pairs.set("foreign", await generateKeyPair("ES256"));
  issuer = createServer((_request, response) => {
    if (keys !== undefined) response.end(keys());
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`;
});
afterAll(async () => {
  issuer.closeAllConnections();
  issuer.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const text = await jwks("RS256", "ES256", "EdDSA");
  keys = () => text;
});

const jwks = async (...algs: string[]): Promise<string> =>
  JSON.stringify({
    keys: await Promise.all(
      algs.map(async (alg) => ({
        ...(await exportJWK(pairs.get(alg)!.publicKey)),
        kid: alg,
        alg,
        use: "sig",
      })),
    ),
  });
const file = async (text: string): Promise<string> => {
  const path = join(folder, `${++made}.json`);
  await writeFile(path, text);
  return path;
};
const oidc = (AMOI_JWKS: string) =>
  new Bearers(readEnv({ AMOI_OIDC_ISSUER: ISSUER, AMOI_OIDC_AUDIENCE: AUDIENCE, AMOI_JWKS }), log);
const claims = { sub: "linh", scope: "openid review operate", iss: ISSUER, aud: ["web", AUDIENCE] };
const signed = (change: Record<string, unknown> = {}, alg = "ES256", key = alg) =>
  new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1_000) + 60, ...change })
    .setProtectedHeader({ alg, kid: key })
    .sign(pairs.get(key)!.privateKey);
const sha256 = (token: string) => createHash("sha256").update(token).digest("hex");

test.each(["RS256", "ES256", "EdDSA"])(
  "a JWT of the issuer, signed by %s, says who calls and what they may",
  async (alg) => {
    for (const from of [jwksUrl, await file(await jwks("RS256", "ES256", "EdDSA"))])
      expect(await oidc(from).callerOf(`Bearer ${await signed({ realms: ["amoi-1"] }, alg)}`)).toEqual({
        name: "linh",
        scopes: new Set(["review", "operate"]),
        realms: new Set(["amoi-1"]),
      });
  },
);

test("a JWT without a scope is a player's, who may nothing here", async () => {
  const caller = await oidc(jwksUrl).callerOf(`Bearer ${await signed({ scope: undefined })}`);
  expect(caller).toEqual({ name: "linh", scopes: new Set() });
});

test("a JWT of another issuer, audience, algorithm or key, without an end, over, or of no account is nobody's", async () => {
  const bearers = oidc(jwksUrl);
  const shared = new TextEncoder().encode(await jwks("ES256"));
  const tokens: Record<string, string> = {
    issuer: await signed({ iss: "https://evil.example" }),
    audience: await signed({ aud: "another" }),
    endless: await signed({ exp: undefined }),
    over: await signed({ exp: Math.floor(Date.now() / 1_000) - 60 }),
    "not yet": await signed({ nbf: Math.floor(Date.now() / 1_000) + 60 }),
    account: await signed({ sub: "linh\n" }),
    realms: await signed({ realms: "amoi-1" }),
    key: await signed({}, "ES256", "foreign"),
    "an algorithm that isn't taken": await signed({}, "RS512"),
    none: new UnsecuredJWT({ ...claims, exp: Math.floor(Date.now() / 1_000) + 60 }).encode(),
    "a shared secret": await new SignJWT({ ...claims })
      .setExpirationTime("1m")
      .setProtectedHeader({ alg: "HS256", kid: "ES256" })
      .sign(shared),
    "three dots": "a.b.c",
  };
  for (const [what, token] of Object.entries(tokens))
    expect(await bearers.callerOf(`Bearer ${token}`), what).toEqual({ refused: expect.any(String) });
});

test("an issuer whose keys don't come within seconds, or are none, is a fault that passes, not a refusal", async () => {
  keys = undefined;
  await expect(oidc(jwksUrl).callerOf(`Bearer ${await signed()}`)).rejects.toThrow(KeysUnavailable);
  keys = () => "<html>";
  await expect(oidc(jwksUrl).callerOf(`Bearer ${await signed()}`)).rejects.toThrow(KeysUnavailable);
}, 15_000);

const entry = { name: "engine", sha256: sha256("token-one"), scopes: ["publish"] };

test("a tokens file that changes is read again, also where a link now points elsewhere; a broken one changes nothing", async () => {
  const path = await file(JSON.stringify([entry]));
  const bearers = new Bearers(readEnv({ AMOI_TOKENS_FILE: path }), log);
  const known = async (token: string) => !("refused" in (await bearers.callerOf(`Bearer ${token}`)));
  expect([await known("token-one"), await known("token-two")]).toEqual([true, false]);
  // Both hold during a change.
  await rename(await file(JSON.stringify([entry, { ...entry, sha256: sha256("token-two") }])), path);
  await delay(1_050);
  expect([await known("token-one"), await known("token-two")]).toEqual([true, true]);
  await writeFile(path, "[{");
  await delay(1_050);
  expect([await known("token-one"), await known("token-two")]).toEqual([true, true]);
  await writeFile(path, JSON.stringify([{ ...entry, sha256: sha256("token-two") }]));
  await delay(1_050);
  expect([await known("token-one"), await known("token-two")]).toEqual([false, true]);
});

test.each([
  ["no JSON", "[{", "not JSON"],
  ["a scope that nobody knows", JSON.stringify([{ ...entry, scopes: ["everything"] }]), "0.scopes.0"],
  ["no scope", JSON.stringify([{ ...entry, scopes: [] }]), "0.scopes"],
  ["a token instead of its hash", JSON.stringify([{ ...entry, sha256: "token-one" }]), "0.sha256"],
  ["one token for two", JSON.stringify([entry, { ...entry, name: "bot" }]), "bot has the token of another"],
  [
    "the token of local mode",
    JSON.stringify([{ ...entry, sha256: sha256("local-internal-token") }]),
    "everybody knows",
  ],
  ["a name that is no account's", JSON.stringify([{ ...entry, name: "a b" }]), "0.name"],
])("a tokens file with %s is refused", (_what, text, told) => {
  expect(() => tokensIn(text)).toThrow(told);
});

test("production knows no token but those of the file", async () => {
  const env = readEnv({ AMOI_TOKENS_FILE: await file(JSON.stringify([entry])) });
  const bearers = new Bearers({ ...env, MODE: "production", INTERNAL_TOKEN: "given-all-the-same" }, log);
  for (const token of ["local-internal-token", "given-all-the-same", ""])
    expect(await bearers.callerOf(`Bearer ${token}`)).toEqual({ refused: expect.any(String) });
  expect(await bearers.callerOf("bearer token-one")).toMatchObject({ name: "engine" });
  for (const header of [undefined, "", "token-one", "Basic token-one", "Bearer token-one extra"])
    expect(await bearers.callerOf(header)).toEqual({ refused: expect.any(String) });
});
