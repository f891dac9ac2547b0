import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { internalToken } from "../auth/bearers.ts";
import { EnvError, readEnv } from "./env.ts";
import { Networks } from "./networks.ts";

const production = {
  MODE: "production",
  NATS_URL: "nats://nats:4222",
  FEED_TOKEN_SECRET: "Yk3v9QmT7wXs2LpB8nRd5HcJ4fGz6EaU",
  AMOI_TOKENS_FILE: "/run/secrets/tokens.json",
  AMOI_NATS_MONITOR_URL: "http://nats:8222",
};

test("local mode needs nothing", () => {
  expect(readEnv({})).toMatchObject({ MODE: "local", FEED_PORT: 8080, DATA_DIR: ".data" });
});

test("an empty variable is an absent one", () => {
  expect(readEnv({ NATS_URL: "", FEED_PORT: "" })).toMatchObject({ FEED_PORT: 8080 });
});

test("an unknown AMOI_ variable is refused by name", () => {
  expect(() => readEnv({ AMOI_REPLICSA: "3" })).toThrow("AMOI_REPLICSA is not a known variable");
});

test("production refuses what is missing, by name, of each process what that one needs", () => {
  expect(readEnv(production, "ingest").MODE).toBe("production");
  for (const name of Object.keys(production).filter((name) => name !== "MODE"))
    expect(() => readEnv({ ...production, [name]: undefined }, "ingest"), name).toThrow(name);
  const { FEED_TOKEN_SECRET: _, AMOI_TOKENS_FILE: __, ...rest } = production;
  expect(() => readEnv(rest, "broadcaster")).toThrow("FEED_TOKEN_SECRET");
  for (const stage of ["normalizer", "simulator", "archive", undefined])
    expect(readEnv(rest, stage).MODE).toBe("production");
  const oidc = {
    AMOI_OIDC_ISSUER: "https://issuer.example",
    AMOI_OIDC_AUDIENCE: "amoisekai",
    AMOI_JWKS: "https://issuer.example/keys",
  };
  const { AMOI_TOKENS_FILE: ___, ...fileless } = production;
  expect(readEnv({ ...fileless, ...oidc }, "ingest").AMOI_OIDC_ISSUER).toBe(oidc.AMOI_OIDC_ISSUER);
  for (const name of Object.keys(oidc))
    expect(() => readEnv({ ...production, ...oidc, [name]: undefined }), name).toThrow(name);
});

test("production refuses the token of local mode, whatever it is", () => {
  for (const INTERNAL_TOKEN of ["local-internal-token", "Bq7zR2mX9kVt4LwN"])
    expect(() => readEnv({ ...production, INTERNAL_TOKEN }, "ingest")).toThrow(
      "INTERNAL_TOKEN is for local mode",
    );
  expect(internalToken(readEnv(production))).toBeUndefined();
  expect(internalToken(readEnv({}))).toBe("local-internal-token");
});

test.each([
  ["the one of local mode", { FEED_TOKEN_SECRET: "local-feed-token-secret-of-32-bytes" }],
  ["32 times one letter", { FEED_TOKEN_SECRET: "x".repeat(32) }],
  ["a row of keys", { FEED_TOKEN_SECRET: "abcdefghijklmnopqrstuvwxyz0123456789" }],
  ["one word again and again", { FEED_TOKEN_SECRET: "dragon-dragon-dragon-dragon-dragon" }],
  ["a placeholder", { FEED_TOKEN_SECRET: "please-change-me-before-you-deploy-this" }],
  ["the same as the one before", { FEED_TOKEN_SECRET_PREVIOUS: production.FEED_TOKEN_SECRET }],
  ["one before that can be guessed", { FEED_TOKEN_SECRET_PREVIOUS: "y".repeat(32) }],
  [
    "a password that is the feed's secret",
    { NATS_URL: `nats://u:${production.FEED_TOKEN_SECRET}@nats:4222` },
  ],
  ["a weak password", { DATABASE_URL: "postgres://u:hunter2@postgres/amoisekai" }],
])("production refuses a secret that is %s", (_what, change) => {
  const [name] = Object.keys(change);
  expect(() => readEnv({ ...production, ...change }, "broadcaster")).toThrow(name);
});

test("random secrets of every common writing pass", () => {
  for (let i = 0; i < 200; i++)
    for (const [bytes, coding] of [
      [32, "hex"],
      [24, "base64"],
      [32, "base64url"],
    ] as const) {
      const FEED_TOKEN_SECRET = randomBytes(bytes).toString(coding);
      const NATS_URL = `nats://u:${randomBytes(12).toString("hex")}@nats:4222`;
      expect(readEnv({ ...production, FEED_TOKEN_SECRET, NATS_URL }).MODE).toBe("production");
    }
});

test("local mode refuses an address that others reach with the secrets that everybody knows", () => {
  const own = { INTERNAL_TOKEN: "a-token-of-my-own", FEED_TOKEN_SECRET: "q".repeat(32) };
  for (const AMOI_HOST of ["0.0.0.0", "::", "192.168.1.7", "my-machine"]) {
    for (const [stage, name] of [
      ["ingest", "INTERNAL_TOKEN"],
      ["ingest", "FEED_TOKEN_SECRET"],
      ["broadcaster", "FEED_TOKEN_SECRET"],
      [undefined, "INTERNAL_TOKEN"],
    ] as const)
      expect(() => readEnv({ ...own, AMOI_HOST, [name]: undefined }, stage)).toThrow(name);
    expect(readEnv({ ...own, AMOI_HOST }).AMOI_HOST).toBe(AMOI_HOST);
    expect(readEnv({ AMOI_HOST }, "normalizer").AMOI_HOST).toBe(AMOI_HOST);
  }
  for (const AMOI_HOST of ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
    expect(readEnv({ AMOI_HOST }).AMOI_HOST).toBe(AMOI_HOST);
});

test("production refuses what is for local runs and tests", () => {
  expect(() => readEnv({ ...production, TICK_SECONDS: "3" })).toThrow(EnvError);
  expect(() => readEnv({ ...production, AMOI_CRASH_AT: "before_commit:1" })).toThrow(EnvError);
});

test("the feed's origins are a list, its limits numbers within bounds", () => {
  expect(readEnv({}).AMOI_FEED_ORIGINS).toBeUndefined();
  const { AMOI_FEED_ORIGINS } = readEnv({ AMOI_FEED_ORIGINS: "https://a.example, https://b.example" });
  expect(AMOI_FEED_ORIGINS).toEqual(new Set(["https://a.example", "https://b.example"]));
  for (const wrong of [
    { AMOI_FEED_IDLE_SECONDS: "7" },
    { AMOI_FEED_CONNECTIONS_PER_ADDRESS: "0" },
    { AMOI_FEED_TOKEN_SECONDS: "forever" },
    { AMOI_ADDRESS_HEADER: "X Forwarded", AMOI_TRUSTED_PROXIES: "loopback" },
    { AMOI_FEED_OPENINGS_PER_MINUTE: "0" },
    { AMOI_FEED_ENGINE: "nginx" },
  ])
    expect(() => readEnv(wrong)).toThrow(Object.keys(wrong)[0]!);
});

test("a database's password is any text when it is given apart from its URL, and has to be escaped within it", () => {
  const password = "p@ss/w#rd?a:b%20 é";
  const { DATABASE_URL } = readEnv({
    DATABASE_URL: "postgres://amoi_archive@postgres:5432/amoisekai",
    AMOI_DATABASE_PASSWORD: password,
  });
  const url = new URL(DATABASE_URL!);
  expect([url.username, decodeURIComponent(url.password)]).toEqual(["amoi_archive", password]);
  expect([url.host, url.pathname]).toEqual(["postgres:5432", "/amoisekai"]);
  for (const [environment, problem] of [
    [
      { DATABASE_URL: "postgres://amoi_archive:p@ss/w#rd@postgres/amoisekai" },
      "DATABASE_URL is no postgres:// URL",
    ],
    [{ DATABASE_READ_URL: "amoi_read@postgres" }, "DATABASE_READ_URL is no postgres:// URL"],
    [{ AMOI_DATABASE_MIGRATE_PASSWORD: "x" }, "DATABASE_MIGRATE_URL is missing"],
    [
      { DATABASE_URL: "postgres://a:b@postgres/amoisekai", AMOI_DATABASE_PASSWORD: "c" },
      "DATABASE_URL has a password of its own",
    ],
  ] as const)
    expect(() => readEnv(environment)).toThrow(problem);
});

test("a header with clients' addresses and the networks of who may write it go together, in every mode", () => {
  const both = { AMOI_ADDRESS_HEADER: "x-forwarded-for", AMOI_TRUSTED_PROXIES: "loopback, 10.1.0.0/16" };
  expect(readEnv(both).AMOI_TRUSTED_PROXIES).toBeInstanceOf(Networks);
  for (const mode of [{}, production]) {
    expect(() => readEnv({ ...mode, ...both, AMOI_TRUSTED_PROXIES: "" })).toThrow(
      "AMOI_TRUSTED_PROXIES is needed",
    );
    expect(() => readEnv({ ...mode, ...both, AMOI_ADDRESS_HEADER: "" })).toThrow(
      "AMOI_ADDRESS_HEADER is needed",
    );
  }
  expect(() => readEnv({ ...both, AMOI_TRUSTED_PROXIES: "10.1.0.0/33" })).toThrow(
    "10.1.0.0/33 is no network",
  );
});

test("every variable that is wrong or missing is named at once, and a number that is none is repeated", () => {
  const read = () =>
    readEnv({ MODE: "production", FEED_PORT: "abc", AMOI_REPLICAS: "9", AMOI_TYPO: "1" }, "ingest");
  const lines = (() => {
    try {
      read();
      return [];
    } catch (error) {
      return String((error as Error).message).split("\n");
    }
  })();
  const names = lines.map((line) => line.split(" ")[0]);
  expect(names).toEqual([
    "AMOI_TYPO",
    "FEED_PORT",
    "AMOI_REPLICAS",
    "NATS_URL",
    "AMOI_NATS_MONITOR_URL",
    "AMOI_TOKENS_FILE",
    "FEED_TOKEN_SECRET",
  ]);
  expect(lines[1]).toBe('FEED_PORT must be a number, and "abc" is none');
});
