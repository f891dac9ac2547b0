/** Configuration: the environment, parsed once. Outside tests nothing else takes settings from `process.env`. */
import { z } from "zod";
import { secretProblems } from "../auth/check-secrets.ts";
import { LOCAL_FEED_SECRET } from "../auth/secrets.ts";
import { Id } from "../contracts/ids.ts";
import { Networks } from "./networks.ts";

const Port = z.coerce.number().int().min(0).max(65_535);

/** Who may use the internal API, and how often. */
const API_SETTINGS = {
  /** The one token of local mode; it has every scope and may claim any actor. */
  INTERNAL_TOKEN: z.string().min(16).optional(),
  /** JSON `[{name, sha256, scopes, realms?}]`; read again when it changes. */
  AMOI_TOKENS_FILE: z.string().min(1).optional(),
  /** An identity provider whose JWTs are taken; with the audience that they name, and its keys: a URL or a file. */
  AMOI_OIDC_ISSUER: z.string().min(1).optional(),
  AMOI_OIDC_AUDIENCE: z.string().min(1).optional(),
  AMOI_JWKS: z.string().min(1).optional(),
  /** Requests a minute of one token. */
  AMOI_API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(600_000),
  /** Requests a minute of one address that no token comes with, or a wrong one. */
  AMOI_API_TRIES_PER_MINUTE: z.coerce.number().int().min(1).default(60),
};

/** Limits of the feed, each broadcaster process for itself. */
const FEED_LIMITS = {
  /** Open feed sockets of one address; an IPv6 address counts by its /64. */
  AMOI_FEED_CONNECTIONS_PER_ADDRESS: z.coerce.number().int().min(1).default(500),
  /** Feeds and streams that an address may open in a minute; 64 KiB that are sent to catch up count as one more. */
  AMOI_FEED_OPENINGS_PER_MINUTE: z.coerce.number().int().min(1).default(1_000),
  /** What serves the public port: uWebSockets.js, or the slower `ws`; absent: the first where its binary fits the platform. */
  AMOI_FEED_ENGINE: z.enum(["uws", "ws"]).optional(),
  /** Frames (pings and pongs too) and bytes that one client may send in a minute. */
  AMOI_FEED_FRAMES_PER_MINUTE: z.coerce.number().int().min(10).default(120),
  AMOI_FEED_BYTES_PER_MINUTE: z.coerce.number().int().min(4_096).default(65_536),
  /** Origins whose pages may open the feed, comma-separated; absent: any. Programs, which send none, always may. */
  AMOI_FEED_ORIGINS: z
    .string()
    .transform((text) => new Set(text.split(",").map((origin) => origin.trim())))
    .optional(),
  /** A socket without a sign of life for so long is cut; it is pinged before. */
  AMOI_FEED_IDLE_SECONDS: z.coerce.number().int().min(8).max(960).default(60),
  /** How long a socket that fell behind has to catch up. */
  AMOI_FEED_SLOW_SECONDS: z.coerce.number().int().min(1).max(600).default(20),
  /** Requests a minute and address, but for those that open feeds and streams; event streams open at once. */
  AMOI_READS_PER_MINUTE: z.coerce.number().int().min(1).default(600),
  AMOI_FEED_STREAMS: z.coerce.number().int().min(0).default(10_000),
  /** Where clients find the public port, as the internal API tells programs that know only its own address. */
  AMOI_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** How long a player's token holds. */
  AMOI_FEED_TOKEN_SECONDS: z.coerce.number().int().min(10).max(86_400).default(900),
  /** Header in which proxies of one's own say whom they forward, such as `x-forwarded-for`. */
  AMOI_ADDRESS_HEADER: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  /** Networks of those proxies, comma-separated: `10.1.0.0/16`, an address, `loopback`, `private`. The header is ignored from any other address. */
  AMOI_TRUSTED_PROXIES: z
    .string()
    .transform((text, context) => {
      try {
        return new Networks(text.split(",").map((entry) => entry.trim()));
      } catch (error) {
        context.addIssue({ code: "custom", message: String(error) });
        return z.NEVER;
      }
    })
    .optional(),
};

/**
 * Postgres: a role for each kind of process. A password may stand in its URL, percent-encoded, or by itself, as it is.
 * Each process is given its own: the archive `DATABASE_URL`, ingest and the reading tools `DATABASE_READ_URL`.
 */
const DATABASE = {
  DATABASE_URL: z.string().min(1).optional(),
  AMOI_DATABASE_PASSWORD: z.string().min(1).optional(),
  /** Of the tables' owner, who migrates and rebuilds. */
  DATABASE_MIGRATE_URL: z.string().min(1).optional(),
  AMOI_DATABASE_MIGRATE_PASSWORD: z.string().min(1).optional(),
  DATABASE_READ_URL: z.string().min(1).optional(),
  AMOI_DATABASE_READ_PASSWORD: z.string().min(1).optional(),
  /** Of an administrator, for `npm run archive:migrate` alone: it makes the three roles. */
  AMOI_DATABASE_ADMIN_URL: z.string().min(1).optional(),
  AMOI_DATABASE_ADMIN_PASSWORD: z.string().min(1).optional(),
};
const PASSWORDS = {
  AMOI_DATABASE_PASSWORD: "DATABASE_URL",
  AMOI_DATABASE_MIGRATE_PASSWORD: "DATABASE_MIGRATE_URL",
  AMOI_DATABASE_READ_PASSWORD: "DATABASE_READ_URL",
  AMOI_DATABASE_ADMIN_PASSWORD: "AMOI_DATABASE_ADMIN_URL",
} as const;

const Env = z.object({
  MODE: z.enum(["local", "production"]).default("local"),
  NATS_URL: z.string().min(1).optional(),
  ...DATABASE,
  DATA_DIR: z.string().min(1).default(".data"),
  FEED_PORT: Port.default(8080),
  INGEST_PORT: Port.default(8081),
  NORMALIZER_PORT: Port.default(8082),
  SIMULATOR_PORT: Port.default(8083),
  BROADCASTER_PORT: Port.default(8084),
  ARCHIVE_PORT: Port.default(8085),
  PROVISION_PORT: Port.default(8086),
  ...API_SETTINGS,
  FEED_TOKEN_SECRET: z.string().min(32).default(LOCAL_FEED_SECRET),
  /** The one before, during a change: tokens of both are taken, and new ones are signed with the new one. */
  FEED_TOKEN_SECRET_PREVIOUS: z.string().min(32).optional(),
  /** Tick length of the first ruleset, seconds; local mode only. */
  TICK_SECONDS: z.coerce.number().int().min(1).max(9_000).optional(),
  /** The realm that the launcher provisions. */
  AMOI_REALM: Id.default("amoi-1"),
  AMOI_REALM_NAME: z.string().min(1).max(64).default("Amoi"),
  /** Its first ruleset: a name in `shared/rulesets/` or the path of a JSON file. */
  AMOI_RULESET: z.string().min(1).default("amoi-1"),
  /** JetStream replicas of every stream and bucket: 1 on one machine, 3 in a cluster. */
  AMOI_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
  /** `max_bytes` of a realm's RAW stream. */
  AMOI_RAW_MAX_BYTES: z.coerce.number().int().min(1_048_576).default(268_435_456),
  /** `GOMEMLIMIT` of the launcher's NATS, MiB: above it Go keeps no garbage beyond its live memory. */
  AMOI_NATS_MEMORY_MIB: z.coerce.number().int().min(64).default(512),
  /** Address that HTTP servers listen on. */
  AMOI_HOST: z.string().min(1).default("127.0.0.1"),
  /**
   * Names and addresses under which the HTTP servers may be asked for, comma-separated, without ports; `*`: any. Absent: in
   * local mode the loopback ones, elsewhere any.
   */
  AMOI_HOSTS: z
    .string()
    .transform((text) => text.split(",").map((host) => host.trim().toLowerCase()))
    .optional(),
  /** The password of NATS_URL's user, where it isn't in the URL. */
  AMOI_NATS_PASSWORD: z.string().min(1).optional(),
  /** A .creds file (JWT and nkey seed), instead of user and password. */
  AMOI_NATS_CREDS: z.string().min(1).optional(),
  /** PEM files: who signed the servers' certificates; this process's own certificate and its key. */
  AMOI_NATS_CA: z.string().min(1).optional(),
  AMOI_NATS_CERT: z.string().min(1).optional(),
  AMOI_NATS_KEY: z.string().min(1).optional(),
  /** `1`: outside local mode too, NATS may do without TLS, since the network is private. */
  AMOI_NATS_PLAINTEXT: z.literal("1").optional(),
  /** Monitoring URLs of all NATS servers, comma-separated: where durability is asserted outside local mode. */
  AMOI_NATS_MONITOR_URL: z.string().min(1).optional(),
  AMOI_LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
  /** After this long without a sign of life a worker's realms move, seconds. */
  AMOI_WORKER_TTL_SECONDS: z.coerce.number().int().min(2).max(60).default(5),
  ...FEED_LIMITS,
  /** `<point>:<n>`: the process kills itself at the n-th passage of a named crash point; chaos tests only. */
  AMOI_CRASH_AT: z
    .string()
    .regex(/^[a-z_]+:[1-9][0-9]*$/)
    .optional(),
});
export type Env = z.infer<typeof Env>;

/** The name of every variable. */
export const VARIABLES: readonly string[] = Object.keys(Env.shape);
type Given = Record<string, string | undefined>;
type DatabaseUrl = (typeof PASSWORDS)[keyof typeof PASSWORDS];

/** Contradictions between variables, a sentence each that begins with the variable. */
function problemsTogether(given: Given): string[] {
  const problems: string[] = [];
  for (const [password, url] of Object.entries(PASSWORDS) as [keyof typeof PASSWORDS, DatabaseUrl][]) {
    const problem = problemOf(given[url], given[password], password);
    if (problem !== undefined) problems.push(`${url} ${problem}`);
  }
  // A header that is believed from anyone lets a client choose its address; one that nobody is believed on counts all
  // clients of the proxy as one.
  if ((given.AMOI_ADDRESS_HEADER === undefined) !== (given.AMOI_TRUSTED_PROXIES === undefined))
    problems.push(
      `${given.AMOI_ADDRESS_HEADER === undefined ? "AMOI_ADDRESS_HEADER" : "AMOI_TRUSTED_PROXIES"} is needed: the header in which proxies say whom they forward, and their networks, go together`,
    );
  if (given.MODE !== "production") return problems;
  for (const name of ["NATS_URL", "AMOI_NATS_MONITOR_URL"])
    if (given[name] === undefined) problems.push(`${name} is required outside local mode`);
  if (given.TICK_SECONDS !== undefined)
    problems.push("TICK_SECONDS is for local mode only: set the ruleset's tick_seconds");
  if (given.AMOI_CRASH_AT !== undefined) problems.push("AMOI_CRASH_AT is for tests only");
  return problems;
}

function problemOf(
  url: string | undefined,
  password: string | undefined,
  name: keyof typeof PASSWORDS,
): string | undefined {
  if (url === undefined) return password === undefined ? undefined : `is missing, ${name} is given`;
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol) || new URL(url).hash !== "")
    return `is no postgres:// URL: a password with other characters than letters and digits is given as ${name}`;
  if (password !== undefined && new URL(url).password !== "")
    return `has a password of its own, and ${name} is given too: leave one of them out`;
  return undefined;
}

/** The same with every password in its URL. */
function withPasswords(env: Env): Env {
  const urls: Partial<Record<DatabaseUrl, string>> = {};
  for (const [name, url] of Object.entries(PASSWORDS) as [keyof typeof PASSWORDS, DatabaseUrl][]) {
    const [given, password] = [env[url], env[name]];
    if (given === undefined || password === undefined) continue;
    urls[url] = given.replace(/^(\w+:\/\/[^@/?]*)@/, `$1:${encodeURIComponent(password)}@`);
  }
  return { ...env, ...urls };
}

/** The environment is wrong: the message names each variable, a line each. */
export class EnvError extends Error {}

const DEFAULTS = { MODE: "local", AMOI_HOST: "127.0.0.1" } as const;

/** The sentence about a wrong variable. It repeats the value only where a number was expected, which is no secret. */
function sentenceOf({ path, code, message, ...issue }: z.core.$ZodIssue, given: Given): string {
  const name = path.join(".");
  if (code === "invalid_type" && "expected" in issue && issue.expected === "number")
    return `${name} must be a number, and ${JSON.stringify(given[name])} is none`;
  return `${name} ${message}`;
}

/** Parses an environment. Empty values count as absent. `stage`: the process that it is for. Throws `EnvError`. */
export function readEnv(environment: Given, stage?: string): Env {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const unknown = Object.keys(given).filter((name) => name.startsWith("AMOI_") && !(name in Env.shape));
  const parsed = Env.safeParse(given);
  const problems = [
    ...unknown.map((name) => `${name} is not a known variable`),
    ...(parsed.error?.issues.map((issue) => sentenceOf(issue, given)) ?? []),
    ...problemsTogether(given),
    ...secretProblems({ ...DEFAULTS, ...given, ...parsed.data }, given, stage),
  ];
  if (!parsed.success || problems.length > 0) throw new EnvError(problems.join("\n"));
  return withPasswords(parsed.data);
}
