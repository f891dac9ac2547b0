/**
 * `npm run demo`: the whole pipeline on this machine with a story told to it, and its world changing in the terminal.
 *
 * Every run makes a new world in a folder of its own, which it removes when it ends well; `DATA_DIR` keeps one and goes on
 * with it. `--ticks N` ends after N ticks and says whether the run showed what it has to show.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Env, readEnv } from "../../../shared/process/env.ts";
import { openLog } from "../../../shared/process/log.ts";
import { openDatabase } from "../../../simulator/archive/database/database.ts";
import { VIEWS } from "../../../simulator/archive/rebuild/own-tables.ts";
import { explain } from "../../local/explain.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { untilEnded } from "../../local/until-ended.ts";
import { openNats, readUrlOf } from "../../local/which-servers.ts";
import { readArguments, UsageError, wholeNumber } from "../../tools/arguments.ts";
import { HOUR_TICKS } from "./hour.ts";
import { openScreen, type Screen } from "./screen.ts";
import { STORYTELLER, storytellerProcess } from "./storyteller.ts";
import { checkLine, judgeRun, STORY_TICKS } from "./verdict.ts";
import { summary } from "./view.ts";
import { Watch } from "./watch.ts";

const HELP = `Starts the whole pipeline on this machine and tells it a story.

  npm run demo [-- --ticks N] [--seed S]

  --ticks N   ends after N ticks, with exit code 0 only if the replay of the stream gave the same hashes, ledger and
              state agree and, from ${STORY_TICKS} ticks on, a territory changed its controller and a trigger fired;
              from ${HOUR_TICKS} ticks on (15 minutes) it has to have told a whole story: a rise, a coalition, a fall,
              campaigns won and lost, a council, sovereign actions, and cheats that were caught;
              2 when the arguments are wrong
  --seed S    the same players do the same; absent: others each time

Ports, folders and servers come from the variables that npm start reads. Without DATA_DIR every run is a new world.`;

/** The demo can't go on; the message is a sentence for a person. */
class DemoError extends Error {}

function readOptions(args: string[]): { ticks?: number; seed?: number } | "help" {
  const options = {
    ticks: { type: "string" },
    seed: { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values } = readArguments({ args, options });
  if (values.help === true) return "help";
  return {
    ...(values.ticks === undefined ? {} : { ticks: wholeNumber("--ticks", values.ticks) }),
    ...(values.seed === undefined ? {} : { seed: wholeNumber("--seed", values.seed) }),
  };
}

/** Runs the story on a stack. Answers whether the run showed all that it had to. */
async function perform(
  stack: Stack,
  env: Env,
  options: {
    environment: Record<string, string | undefined>;
    screen: Screen;
    ticks: number | undefined;
    seed: number | undefined;
    signal: AbortSignal;
  },
): Promise<boolean> {
  const { screen, ticks, seed, signal } = options;
  const realm = env.AMOI_REALM;
  const bus = await openNats(env, "operator", stack.natsOf("operator"), "demo");
  const watch = new Watch(stack, bus, screen, {
    realm,
    tickSeconds: stack.tickSeconds,
    ...(ticks === undefined ? {} : { ticks }),
  });
  try {
    // A live picture shows them all the time.
    if (!screen.live) screen.print(`page ${watch.scene.pageUrl}\nfeed ${watch.scene.feedUrl}`);
    await stack.supervisor.start([storytellerProcess(stack, env, options.environment, { seed })]);
    const ended = await watch.follow(signal);
    if (ended === "stalled")
      throw new DemoError(`The world stands still since tick ${watch.scene.chronicle.lastTick}.`);
    screen.print(summary(watch.scene, watch.seconds));
    if (ticks === undefined) return true;
    if (ended === "stopped") throw new DemoError(`Stopped before ${ticks} ticks were done.`);

    await stack.supervisor.halt(STORYTELLER);
    const database = openDatabase(readUrlOf({ ...env, DATA_DIR: stack.dataDir }), {
      log: openLog({ ...env, AMOI_LOG_LEVEL: "silent" }, "demo"),
      schema: VIEWS,
      name: "demo",
      max: 2,
    });
    try {
      const checks = await judgeRun(bus, database, realm, watch.scene);
      for (const check of checks) screen.print(checkLine(check));
      return checks.every(({ verdict }) => verdict !== "fails");
    } finally {
      await database.end();
    }
  } finally {
    watch.close();
    await bus.close();
  }
}

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(HELP);
    return true;
  }
  const { ticks, seed } = options;
  const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  const environment = { AMOI_RULESET: "demo", DATA_DIR: `.data/demo-${stamp}`, ...given };
  const env = readEnv(environment);
  const signal = untilEnded(process.env);
  const screen = openScreen(process.stdout);
  let stack: Stack | undefined;
  let well = false;
  try {
    stack = await startStack(env, { environment, say: screen.print, signal });
    well = await perform(stack, env, { environment, screen, ticks, seed, signal });
  } catch (error) {
    if (!signal.aborted || error instanceof DemoError) throw error;
  } finally {
    await stack?.stop();
    const logs = join(env.DATA_DIR, "logs");
    if (!well && !signal.aborted && existsSync(logs)) screen.print(`What the processes said is in ${logs}.`);
    else if (given.DATA_DIR === undefined) await rm(env.DATA_DIR, { recursive: true, force: true });
  }
  return well || ticks === undefined;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  const expected = error instanceof DemoError || error instanceof UsageError;
  console.error(expected ? error.message : explain(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
// What was under way when Ctrl-C came, a download or a connection, would keep the process alive.
process.exit();
