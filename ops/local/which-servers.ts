/** The servers that a command is for: those it is told, else the environment's, else those of the local stack of `DATA_DIR`. */
import { type Bus, openBus } from "../../shared/bus.ts";
import type { Env } from "../../shared/env.ts";
import { readCredentials } from "./credentials.ts";
import { LocalSetupError } from "./setup-error.ts";
import { readStackUrls } from "./stack.ts";

/** Throws `LocalSetupError` where none is known. */
export const natsUrlOf = (env: Env, given?: string): string =>
  given ?? env.NATS_URL ?? readStackUrls(env.DATA_DIR)?.nats ?? unknown("NATS", "NATS_URL", env);

/** For whoever reads the archive. Throws `LocalSetupError` where none is known. */
export const readUrlOf = (env: Env, given?: string): string =>
  given ??
  env.DATABASE_READ_URL ??
  readCredentials(env.DATA_DIR).postgres?.read ??
  unknown("Postgres", "DATABASE_READ_URL", env);

/** For the tables' owner. Throws `LocalSetupError` where none is known. */
export const migrateUrlOf = (env: Env): string =>
  env.DATABASE_MIGRATE_URL ??
  readCredentials(env.DATA_DIR).postgres?.migrate ??
  unknown("Postgres", "DATABASE_MIGRATE_URL", env);

function unknown(server: string, variable: string, env: Env): never {
  throw new LocalSetupError(
    `No ${server} is known: no local stack runs from ${env.DATA_DIR}; run npm start, or set ${variable}.`,
  );
}

/** `name`: of the connection. Throws `LocalSetupError` where none answers. */
export const openNats = (natsUrl: string, name: string): Promise<Bus> =>
  openBus({ natsUrl, name }).catch((error: unknown) => {
    throw new LocalSetupError(
      `No NATS answers at ${natsUrl} (${(error as Error).message}); is the stack running?`,
    );
  });
