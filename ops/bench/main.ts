/**
 * `npm run bench -- [a benchmark's name ...] [--events N] [--rounds N]`: all of them when none is named; the table below has the names.
 * npm gives it the young generation that `ops/local/runtime.ts` gives a stage, since it runs a stage's core in its own process.
 */
import { readArguments, runToExit, UsageError } from "../tools/arguments.ts";
import { benchArchive } from "./archive.ts";
import { benchFeed } from "./feed.ts";
import { benchGateway } from "./gateway.ts";
import { benchNormalize } from "./normalize.ts";
import { benchLatency, benchPipeline } from "./pipeline.ts";
import { benchRealms } from "./realms.ts";
import { benchRecovery } from "./recovery.ts";
import { benchReplay } from "./replay.ts";
import { benchTick } from "./tick.ts";
import { benchTimeMachine } from "./timemachine.ts";

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      clients: { type: "string", default: "1000,5000,10000" },
      events: { type: "string", default: "200000" },
      rounds: { type: "string", default: "3" },
      players: { type: "string", default: "100000" },
      known: { type: "string", default: "1000000" },
      seconds: { type: "string", default: "10" },
      ticks: { type: "string", default: "10000" },
      sizes: { type: "string", default: "100000,1000000" },
      kills: { type: "string", default: "10" },
      realms: { type: "string", default: "1,20,120" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const events = Number(values.events);
  const rounds = Number(values.rounds);
  const sizesOf = (text: string) => text.split(",").map(Number);
  const say = (line: string) => console.log(line);

  const benches: Record<string, () => Promise<unknown>> = {
    feed: () =>
      benchFeed({
        clients: values.clients.split(",").map(Number),
        peerClients: 2_000,
        seconds: Math.min(5, Number(values.seconds)),
        rounds,
        say,
      }),
    pipeline: () => benchPipeline({ events, rounds, say }),
    latency: () => benchLatency({ perSecond: 1_000, seconds: Number(values.seconds), say }),
    normalize: () =>
      benchNormalize({ players: Number(values.players), known: Number(values.known), rounds, say }),
    replay: () => benchReplay({ events, rounds, say }),
    archive: () => benchArchive({ events, rounds, say }),
    gateway: () => benchGateway({ seconds: Number(values.seconds), rounds, say }),
    tick: () => benchTick({ sizes: sizesOf(values.sizes), rounds, say }),
    recovery: () => benchRecovery({ kills: Number(values.kills), say }),
    realms: () => benchRealms({ counts: sizesOf(values.realms), seconds: Number(values.seconds), say }),
    timemachine: () => benchTimeMachine({ ticks: Number(values.ticks), queries: 400, say }),
  };
  const names = Object.keys(benches).join(", ");
  if (values.help) {
    console.log(
      `npm run bench -- [NAME ...] [--events N] [--rounds N], and more that the benchmarks take\n\nNAME is ${names}; all of them when none is named.`,
    );
    return 0;
  }
  const wanted = positionals.length > 0 ? positionals : Object.keys(benches);
  const unknown = wanted.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0)
    throw new UsageError(`no benchmark is named ${unknown.join(", ")}; there are ${names}`);
  for (const name of wanted) await benches[name]!();
  return 0;
}

await runToExit(main);
