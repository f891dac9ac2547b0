/** What a command that reads a realm's past is told: ticks, and where to read. */

import { readEnv } from "../../../shared/process/env.ts";
import { openLog } from "../../../shared/process/log.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { openDatabase } from "../../../simulator/archive/database/database.ts";
import { VIEWS } from "../../../simulator/archive/rebuild/own-tables.ts";
import { natsUrlOf, openNats, readUrlOf } from "../../local/which-servers.ts";
import { UsageError } from "../arguments.ts";
import { postgresSource } from "./postgres.ts";
import { type Source, StreamsGone } from "./source.ts";
import { streamsSource } from "./streams.ts";

/** A tick of the command line: a whole number, also as `t12`. */
export function tickOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const tick = /^t?(0|[1-9][0-9]{0,14})$/.exec(text);
  if (tick === null) throw new UsageError(`--${option} needs a tick, such as 12`);
  return Number(tick[1]);
}

export type Where = {
  /** NATS server; absent: `NATS_URL`, else the local stack's. */
  nats?: string | undefined;
  /** Postgres; absent: `DATABASE_READ_URL`, else the local stack's. */
  postgres?: string | undefined;
  fromPostgres: boolean;
};

/** The options that say where. */
export const WHERE = {
  "from-postgres": { type: "boolean", default: false },
  nats: { type: "string" },
  postgres: { type: "string" },
} as const;

export const whereOf = (values: {
  "from-postgres": boolean;
  nats?: string | undefined;
  postgres?: string | undefined;
}): Where => ({ nats: values.nats, postgres: values.postgres, fromPostgres: values["from-postgres"] });

/**
 * Opens the realm's streams, or Postgres when told to or when the streams are gone, which it says; closes what it opened when
 * `body` is through.
 */
export async function withSource<T>(
  realm: string,
  where: Where,
  say: (line: string) => void,
  body: (source: Source) => Promise<T>,
): Promise<T> {
  if (where.fromPostgres) return withPostgres(realm, where, body);
  return withBus(where, "operator", async (bus) => {
    const source = await streamsSource(bus, realm).catch((error: unknown) => {
      if (!(error instanceof StreamsGone)) throw error;
      say(`${error.message}: reading ${realm} from Postgres`);
      return undefined;
    });
    return source === undefined ? withPostgres(realm, where, body) : body(source);
  });
}

/** `user`: whose rights it takes; a local stack has a URL for each. */
export async function withBus<T>(
  where: Pick<Where, "nats">,
  user: "operator" | "provision",
  body: (bus: Bus) => Promise<T>,
): Promise<T> {
  const env = readEnv(process.env);
  const bus = await openNats(env, user, natsUrlOf(env, user, where.nats), "replay");
  try {
    return await body(bus);
  } finally {
    await bus.close();
  }
}

async function withPostgres<T>(
  realm: string,
  where: Where,
  body: (source: Source) => Promise<T>,
): Promise<T> {
  const database = openDatabase(readUrlOf(readEnv(process.env), where.postgres), {
    log: openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "replay"),
    schema: VIEWS,
    name: "replay",
    max: 4,
  });
  try {
    return await body(await postgresSource(database, realm));
  } finally {
    await database.end();
  }
}
