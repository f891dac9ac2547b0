/**
 * `npm run soak`: a stack with idle realms and a busy one, watched for a time: consumers, memory, sockets and lag have to stay
 * flat. It prints the medians of each quarter and draws them.
 */

import { writeFile } from "node:fs/promises";
import { FeedClient } from "../../../shared/clients/typescript/feed-client.ts";
import { pause } from "../../../shared/process/pause.ts";
import { untilEnded } from "../../local/until-ended.ts";
import { storytellerProcess } from "../../simulation/demo/storyteller.ts";
import { readArguments, runToExit, wholeNumber } from "../arguments.ts";
import type { Observation } from "./observe.ts";
import { picture, quarters } from "./report.ts";
import { FIRST_REALM, withObservedStack } from "./stack.ts";

const HELP = `Watches a stack with idle realms and a busy one, and tells what grows.

  npm run soak [-- --minutes 60] [--idle 20] [--rate 100] [--clients 200] [--every 10] [--svg soak.svg]

  --minutes N  how long it is watched, after all realms are made
  --idle N     realms in which nothing happens
  --rate N     events a second of the busy realm; 0 leaves it idle too
  --clients N  feed clients of the busy realm, and one of each idle one
  --every N    seconds between two observations
  --svg FILE   where the curves go`;

const TICK_SECONDS = "15";

async function main(): Promise<number> {
  const { values } = readArguments({
    options: {
      minutes: { type: "string", default: "60" },
      idle: { type: "string", default: "20" },
      rate: { type: "string", default: "100" },
      clients: { type: "string", default: "200" },
      every: { type: "string", default: "10" },
      svg: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const minutes = wholeNumber("--minutes", values.minutes);
  const idle = wholeNumber("--idle", values.idle, 0);
  const rate = wholeNumber("--rate", values.rate, 0);
  const clients = wholeNumber("--clients", values.clients, 0);
  const everyMs = wholeNumber("--every", values.every) * 1_000;
  const ended = untilEnded(process.env);
  const say = (line: string): void => console.error(line);
  const observations: Observation[] = [];
  const more = { TICK_SECONDS, AMOI_FEED_CONNECTIONS_PER_ADDRESS: "100000" };
  await withObservedStack(more, say, async ({ stack, observer, env, environment, makeRealm }) => {
    const realms = Array.from({ length: idle }, (_, i) => `idle-${i + 1}`);
    for (const realm of realms) await makeRealm(realm);
    say(`${idle} idle realms and ${FIRST_REALM} are there`);
    if (rate > 0)
      await stack.supervisor.start([storytellerProcess(stack, env, environment, { perSecond: rate })]);
    const watched = [...Array.from({ length: clients }, () => FIRST_REALM), ...realms];
    const feeds = watched.map((realm) => new FeedClient({ url: stack.urls.feed, realm }));
    const untilMs = performance.now() + minutes * 60_000;
    try {
      while (!ended.aborted && performance.now() < untilMs) {
        // One look that got no answer in time is no reason to lose all others.
        const seen = await observer
          .observe()
          .catch((error: unknown) => say(`no observation: ${String(error)}`));
        if (seen !== undefined) observations.push(seen);
        await pause(everyMs, ended);
      }
    } finally {
      for (const feed of feeds) feed.close();
    }
  });
  console.log(quarters(observations));
  const title = `${minutes} min, ${idle} idle realms, one at ${rate} events/s, ${clients} clients`;
  if (values.svg !== undefined) await writeFile(values.svg, picture(title, observations));
  return 0;
}

await runToExit(main);
