/** The servers that a command is for: those it is told, else the environment's, else those of the local stack of `DATA_DIR`. */

import type { Env } from "../../shared/process/env.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { natsAccess, withoutSecrets } from "../../shared/stream/nats-connection.ts";
import { readCredentials } from "./credentials.ts";
import { LocalSetupError } from "./setup-error.ts";
import { readStackUrls } from "./stack.ts";

/** NATS for a user, `operator` where a command only reads. Throws `LocalSetupError` where none is known. */
export const natsUrlOf = (env: Env, user: string, given?: string): string =>
  given ?? env.NATS_URL ?? natsOfStack(env.DATA_DIR, user) ?? unknown("NATS", "NATS_URL", env);

/** On a server without accounts all processes have the same address. */
const natsOfStack = (dataDir: string, user: string): string | undefined => {
  const stack = readStackUrls(dataDir)?.nats;
  return stack?.includes("@") ? readCredentials(dataDir).nats[user] : stack;
};

/** For readers of the archive. Throws `LocalSetupError` where none is known. */
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

/** `name`: of the connection; `user`: whose a .creds file is. Throws `LocalSetupError` where none answers. */
export const openNats = (env: Env, user: string, natsUrl: string, name: string): Promise<Bus> =>
  openBus({ ...natsAccess(env, user, natsUrl), name }).catch((error: unknown) => {
    throw new LocalSetupError(
      `No NATS answers at ${withoutSecrets(natsUrl)} (${(error as Error).message}); is the stack running?`,
    );
  });
