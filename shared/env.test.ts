import { expect, test } from "vitest";
import { EnvError, readEnv } from "./env.ts";

const production = {
  MODE: "production",
  NATS_URL: "nats://nats:4222",
  INTERNAL_TOKEN: "a-secret-of-16-chars",
  FEED_TOKEN_SECRET: "a-secret-that-has-32-characters-or-more",
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

test("production refuses a missing or default secret, by name", () => {
  expect(readEnv(production).MODE).toBe("production");
  for (const name of Object.keys(production).filter((name) => name !== "MODE"))
    expect(() => readEnv({ ...production, [name]: undefined }), name).toThrow(name);
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
    { AMOI_ADDRESS_HEADER: "X Forwarded" },
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
