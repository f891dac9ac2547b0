/** Checks of an environment's secrets: present where a process needs them, different from each other, and hard to guess. Pure. */
import { isLoopback } from "./hosts.ts";
import { LOCAL_SECRETS, weaknessOf } from "./secrets.ts";

type Settings = {
  MODE: "local" | "production";
  AMOI_HOST: string;
  AMOI_TOKENS_FILE?: string | undefined;
  AMOI_OIDC_ISSUER?: string | undefined;
  AMOI_OIDC_AUDIENCE?: string | undefined;
  AMOI_JWKS?: string | undefined;
};
type Given = Readonly<Record<string, string | undefined>>;

/** Least entropy in bits of a secret, and of a password, which can't be guessed offline. */
const SECRET_BITS = 100;
const PASSWORD_BITS = 40;

/** Passwords that are given apart from their URLs. */
const PASSWORDS = [
  "AMOI_DATABASE_PASSWORD",
  "AMOI_DATABASE_MIGRATE_PASSWORD",
  "AMOI_DATABASE_READ_PASSWORD",
  "AMOI_DATABASE_ADMIN_PASSWORD",
];
const SECRETS = ["FEED_TOKEN_SECRET", "FEED_TOKEN_SECRET_PREVIOUS", "INTERNAL_TOKEN"] as const;
/** Variables whose URLs carry a password. */
const URLS = [
  "NATS_URL",
  "DATABASE_URL",
  "DATABASE_MIGRATE_URL",
  "DATABASE_READ_URL",
  "AMOI_DATABASE_ADMIN_URL",
];

/** Which process needs a secret: each stage its own alone; the launcher, which is no stage, all. */
const isFor = (stage: string | undefined, ...stages: string[]) =>
  stage === undefined || stages.includes(stage);

/** Problems, a sentence each that begins with the variable. `given`: the raw environment. */
export function secretProblems(settings: Settings, given: Given, stage: string | undefined): string[] {
  const problems = oidcProblems(settings);
  return settings.MODE === "local"
    ? [...problems, ...localProblems(settings, given, stage)]
    : [...problems, ...productionProblems(settings, given, stage)];
}

function oidcProblems(settings: Settings): string[] {
  const names = ["AMOI_OIDC_ISSUER", "AMOI_OIDC_AUDIENCE", "AMOI_JWKS"] as const;
  const absent = names.filter((name) => settings[name] === undefined);
  return absent.length === names.length
    ? []
    : absent.map((name) => `${name} is required where another of ${names.join(", ")} is given`);
}

/** Secrets that stand in the source are for those who sit at the machine. */
function localProblems({ AMOI_HOST: host }: Settings, given: Given, stage: string | undefined): string[] {
  if (isLoopback(host)) return [];
  const needed = [
    ...(isFor(stage, "ingest") ? ["INTERNAL_TOKEN"] : []),
    ...(isFor(stage, "ingest", "broadcaster") ? ["FEED_TOKEN_SECRET"] : []),
  ];
  return needed
    .filter((name) => given[name] === undefined || LOCAL_SECRETS.includes(given[name]))
    .map((name) => `${name} needs a secret of its own where AMOI_HOST (${host}) is reachable from elsewhere`);
}

function productionProblems(settings: Settings, given: Given, stage: string | undefined): string[] {
  const problems: string[] = [];
  if (given.INTERNAL_TOKEN !== undefined)
    problems.push(
      "INTERNAL_TOKEN is for local mode alone: give AMOI_TOKENS_FILE or AMOI_OIDC_ISSUER, whose tokens have names and scopes",
    );
  if (
    stage === "ingest" &&
    settings.AMOI_TOKENS_FILE === undefined &&
    settings.AMOI_OIDC_ISSUER === undefined
  )
    problems.push("AMOI_TOKENS_FILE or AMOI_OIDC_ISSUER is required outside local mode");
  if ((stage === "ingest" || stage === "broadcaster") && given.FEED_TOKEN_SECRET === undefined)
    problems.push("FEED_TOKEN_SECRET needs a secret of its own outside local mode");
  const known = new Map<string, string>();
  for (const [name, secret, bits] of secretsIn(given)) {
    const other = known.get(secret);
    if (other !== undefined) problems.push(`${name} is the same as ${other}: each needs its own`);
    known.set(secret, name);
    const weakness = weaknessOf(secret, bits);
    if (weakness !== undefined) problems.push(`${name} ${weakness}`);
  }
  return problems;
}

/** Every secret, with the variable that has it; passwords of one URL's servers count once. */
function secretsIn(given: Given): [name: string, secret: string, bits: number][] {
  const own = SECRETS.flatMap((name): [string, string, number][] =>
    given[name] === undefined ? [] : [[name, given[name], SECRET_BITS]],
  );
  const passwords = URLS.flatMap((name) =>
    [...new Set((given[name] ?? "").split(",").map(passwordIn))]
      .filter((password) => password !== "")
      .map((password): [string, string, number] => [`the password in ${name}`, password, PASSWORD_BITS]),
  );
  const apart = PASSWORDS.flatMap((name): [string, string, number][] =>
    given[name] === undefined ? [] : [[name, given[name], PASSWORD_BITS]],
  );
  return [...own, ...passwords, ...apart];
}

function passwordIn(url: string): string {
  try {
    return decodeURIComponent(new URL(url).password);
  } catch {
    return "";
  }
}
