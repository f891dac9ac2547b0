/** `npm run replay -- --realm R [--verify]`: recomputes a realm from its stream and says how fast, and whether it holds. */
import { parseArgs } from "node:util";
import { type Bus, openBus } from "../../shared/bus.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { readEnv } from "../../shared/env.ts";
import { readStackUrls } from "../local/stack.ts";
import { replay } from "./replay.ts";

const HELP = `Consumes a realm's EVENTS from the start, recomputes every tick and prints events/s.

  npm run replay -- --realm R [--verify] [--nats URL]

  --realm R     the realm
  --verify      holds every recomputed tick against the recorded one, and checks the chain of hashes
  --nats URL    NATS server; else NATS_URL, else the local stack of DATA_DIR

Exit code 0 when nothing differs, 1 at the first difference or when it can't run.`;

/** Runs the command; answers the exit code. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      realm: { type: "string" },
      verify: { type: "boolean", default: false },
      nats: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (!Id.safeParse(values.realm).success)
    throw new Error("--realm needs the id of a realm, such as amoi-1; --help tells how");
  const env = readEnv(process.env);
  const natsUrl = values.nats ?? env.NATS_URL ?? readStackUrls(env.DATA_DIR)?.nats;
  if (natsUrl === undefined)
    throw new Error(
      `No NATS to replay from: no local stack runs from ${env.DATA_DIR}; run npm start, or give --nats.`,
    );
  const bus = await openBus({ natsUrl, name: "replay" }).catch(() => {
    throw new Error(`No NATS answers at ${natsUrl}; is the stack running?`);
  });
  try {
    return await report(bus, values.realm!, values.verify);
  } finally {
    await bus.close();
  }
}

async function report(bus: Bus, realm: string, verify: boolean): Promise<number> {
  const { ticks, events, seconds, hash, problems } = await replay(bus, realm, { verify });
  const perSecond = Math.round(events / seconds).toLocaleString("en-US");
  console.log(
    `${realm}: ${ticks} ticks, ${events.toLocaleString("en-US")} events in ${seconds.toFixed(2)} s, ${perSecond} events/s`,
  );
  console.log(`public hash of tick ${ticks}: ${hash}`);
  for (const problem of problems) console.log(`DIFFERS ${problem}`);
  if (verify && problems.length === 0) console.log("every tick has the recorded bytes, and the chain holds");
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
