/**
 * `npm start`: the whole pipeline on this machine, until Ctrl-C. One line on standard output tells where it answers; what
 * happens meanwhile goes to standard error, and what the processes say to `DATA_DIR/logs/`.
 */
import { once } from "node:events";
import { readEnv } from "../../shared/process/env.ts";
import { explain } from "./explain.ts";
import { startStack } from "./stack.ts";
import { untilEnded } from "./until-ended.ts";

const ended = untilEnded(process.env);
/** Local time of day, as the person at the terminal reads it. */
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const say = (line: string): void => void process.stderr.write(`${clock.format()} ${line}\n`);

try {
  const stack = await startStack(readEnv(process.env), { environment: process.env, say, signal: ended });
  const { feed, internal, nats, postgres } = stack.urls;
  process.stdout.write(`ready feed=${feed} internal=${internal} nats=${nats} postgres=${postgres}\n`);
  if (!ended.aborted) await once(ended, "abort");
  say("ending every process");
  await stack.stop();
} catch (error) {
  if (!ended.aborted) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
// What was under way when Ctrl-C came, a download or a connection, would keep the process alive.
process.exit();
