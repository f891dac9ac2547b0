/** How long a realm's ticks are, which the environment decides only for a realm that it makes. */
import { z } from "zod";
import type { Env } from "../../shared/process/env.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";

/** All that is read of a snapshot, whichever engine wrote it. */
const Ticking = z.object({
  state: z.object({ private: z.object({ ruleset: z.object({ tick_seconds: z.int() }) }) }),
});

/** The tick length, seconds, of the rules that the realm's last tick went by. Throws where it has no snapshot. */
export async function tickSecondsOf(bus: Bus, realm: string): Promise<number> {
  const snapshot = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  if (snapshot === undefined) throw new Error(`${worldStream(realm)} has no snapshot`);
  return Ticking.parse(JSON.parse(snapshot.text())).state.private.ruleset.tick_seconds;
}

/** What to say of a `TICK_SECONDS` that the realm doesn't follow, since it was there before. */
export function ignoredTickLength(env: Env, tickSeconds: number): string | undefined {
  if (env.TICK_SECONDS === undefined || env.TICK_SECONDS === tickSeconds) return undefined;
  return (
    `TICK_SECONDS=${env.TICK_SECONDS} is ignored, because realm ${env.AMOI_REALM} exists and ticks every ${tickSeconds} s: ` +
    "give it another ruleset on the game master's page (/gm/), or begin a new world with another DATA_DIR"
  );
}
