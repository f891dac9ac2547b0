/** The environment of each process of the local stack: what it needs to run, and of secrets its own alone. */
import { VARIABLES } from "../../shared/process/env.ts";
import type { StageName } from "./stages.ts";

type Environment = Record<string, string | undefined>;

/** What programs want of the system they run on. Nothing here opens anything. */
export const SYSTEM = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "TERM",
  "TZ",
  "LANG",
  "LANGUAGE",
  "TMPDIR",
  "TEMP",
  "TMP",
  "SYSTEMROOT",
  "LD_LIBRARY_PATH",
  "NODE_ENV",
  "NODE_OPTIONS",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Secrets, and who is given each. What isn't here, every process may know. */
const SECRETS: Readonly<Record<string, readonly StageName[]>> = {
  DATABASE_URL: ["archive"],
  AMOI_DATABASE_PASSWORD: ["archive"],
  DATABASE_READ_URL: ["ingest"],
  AMOI_DATABASE_READ_PASSWORD: ["ingest"],
  DATABASE_MIGRATE_URL: [],
  AMOI_DATABASE_MIGRATE_PASSWORD: [],
  AMOI_DATABASE_ADMIN_URL: [],
  AMOI_DATABASE_ADMIN_PASSWORD: [],
  INTERNAL_TOKEN: ["ingest"],
  AMOI_TOKENS_FILE: ["ingest"],
  FEED_TOKEN_SECRET: ["ingest", "broadcaster"],
  FEED_TOKEN_SECRET_PREVIOUS: ["ingest", "broadcaster"],
  // On NATS each process has a user of its own, which the launcher gives it.
  NATS_URL: [],
  AMOI_NATS_PASSWORD: [],
  AMOI_NATS_CREDS: [],
  AMOI_NATS_CERT: [],
  AMOI_NATS_KEY: [],
};

/** For a process that is none of ours. */
export const systemEnvironment = (given: Environment): Environment =>
  Object.fromEntries(
    Object.entries(given).filter(([name]) => SYSTEM.includes(name) || name.startsWith("LC_")),
  );

/** For one of ours: the system's, and what the project's variables say that it may know. */
export function environmentOf(stage: StageName, given: Environment): Environment {
  const known = VARIABLES.filter((name) => SECRETS[name]?.includes(stage) ?? true);
  const own = known.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]));
  return { ...systemEnvironment(given), ...Object.fromEntries(own) };
}
