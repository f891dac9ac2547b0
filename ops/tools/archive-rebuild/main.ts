/** `npm run archive:rebuild`: the archive in Postgres made anew from the streams, while the old one serves. */
import { armCrash } from "../../../shared/process/crash.ts";
import { readEnv } from "../../../shared/process/env.ts";
import { openLog } from "../../../shared/process/log.ts";
import { untilSignal } from "../../../shared/stage/service.ts";
import { rebuild } from "../../../simulator/archive/rebuild/rebuild.ts";
import { migrateUrlOf, natsUrlOf, openNats } from "../../local/which-servers.ts";
import { readArguments, runToExit } from "../arguments.ts";

const HELP = `Makes the archive anew from the streams, in a schema of its own, and puts its tables in the place of the old ones.

  npm run archive:rebuild -- [--discard] [--keep]

  --discard   also where the archive has more than the streams, or of other streams: that is given up
  --keep      the old archive stays, in a schema that is named at the end, until the next rebuild has succeeded

NATS_URL and DATABASE_MIGRATE_URL name the servers; else the local stack of DATA_DIR does. The archive may run all the while, and
readers read the old one until the new one is there. When it is broken off, the old one serves on; run it again.

It touches the archive's own tables and nothing else. Indexes, rights, comments and storage settings that operators gave them go over
to the new ones; the views in amoi_read, and whatever is built on them, read the new ones. Where other views, foreign keys,
triggers, policies, publications, subscriptions, columns or constraints are tied to the tables it refuses, with their names.

Exit code 0 when the new archive serves, 1 when the old one does, with the reason, 2 when the arguments
are wrong.`;

const SAY_MS = 5_000;

/** Runs the command; answers the exit code. */
async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      discard: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const env = readEnv(process.env);
  armCrash(env.AMOI_CRASH_AT);
  const [natsUrl, url] = [natsUrlOf(env, "operator"), migrateUrlOf(env)];
  const bus = await openNats(env, "operator", natsUrl, "rebuild");
  let saidMs = 0;
  const progress = (archived: number, of: number) => {
    if (performance.now() - saidMs < SAY_MS) return;
    saidMs = performance.now();
    console.log(`${archived.toLocaleString("en-US")} of ${of.toLocaleString("en-US")} messages`);
  };
  const startedMs = performance.now();
  try {
    const log = openLog(env, "rebuild");
    const { before, indexes, notKept } = await rebuild({
      ...values,
      url,
      bus,
      log,
      signal: untilSignal(),
      progress,
    });
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    console.log(
      `the new archive serves, after ${seconds} s${before ? `; the old one is in the schema ${before}` : ""}`,
    );
    if (indexes.length > 0) console.log(`indexes made again: ${indexes.join(", ")}`);
    if (notKept.length > 0) console.log(`not kept: ${notKept.join("; ")}`);
    return 0;
  } finally {
    await bus.close();
  }
}

await runToExit(main);
