/** The storyteller as a process of the stack, beside the stages: supervised like them, and ended before them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Env } from "../../../shared/process/env.ts";
import { systemEnvironment } from "../../local/environment.ts";
import type { Stack } from "../../local/stack.ts";
import type { SupervisedSpec } from "../../local/supervisor.ts";
import { ACT_TICKS, CHEAT_SECONDS, PER_SECOND, RESTING_BP } from "./plot.ts";

const PROJECT = new URL("../../../", import.meta.url);
export const STORYTELLER = "storyteller";

/** `environment`: what it inherits; `perSecond`: candidates; `seed`: absent, another story each time. The acts follow the realm's ticks. */
export function storytellerProcess(
  stack: Stack,
  env: Env,
  environment: Record<string, string | undefined>,
  { perSecond = PER_SECOND, seed }: { perSecond?: number; seed?: number | undefined } = {},
): SupervisedSpec {
  const options = {
    realm: env.AMOI_REALM,
    feed: stack.urls.feed,
    ruleset: env.AMOI_RULESET,
    "per-second": perSecond,
    "act-seconds": ACT_TICKS * stack.tickSeconds,
    "resting-bp": RESTING_BP,
    "cheat-seconds": CHEAT_SECONDS,
    ...(seed === undefined ? {} : { seed }),
  };
  return {
    name: STORYTELLER,
    command: process.execPath,
    args: [
      fileURLToPath(new URL("ops/simulation/story/main.ts", PROJECT)),
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ],
    cwd: fileURLToPath(PROJECT),
    // Not among the arguments: those are everybody's to see.
    env: { ...systemEnvironment(environment), NATS_URL: stack.urls.nats },
    logFile: join(stack.dataDir, "logs", `${STORYTELLER}.log`),
    // It has no port: that it runs is all that can be checked.
    probe: async () => true,
  };
}
