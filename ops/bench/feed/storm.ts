/** Reconnect storm: every client is gone at once, misses some ticks, and comes back with `since`. */
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "./load.ts";
import { withFeed } from "./stack.ts";

const MISSED = 3;
/** Clients of the library come back within its first pause. */
const SPREAD_MS = 250;

export type Storm = { clients: number; seconds: number; resumed: number; gaps: number; resyncs: number };

export const measureStorm = (clients: number): Promise<Storm> =>
  withFeed(async ({ port, path, epoch, stage, tick }) => {
    const load = startLoad();
    try {
      await load.ask({ do: "connect", port, path, count: clients });
      await tick();
      while ((await load.ask({ do: "count" })).deltas < clients) await delay(20);
      await load.ask({ do: "drop" });
      while ((await stage.metric("amoi_feed_connections")) > 0) await delay(20);
      for (let i = 0; i < MISSED; i++) await tick();
      const back = { port, path, epoch, baseTick: 0, missed: MISSED, spreadMs: SPREAD_MS };
      const { ms, resumed, gaps, resyncs } = await load.ask({ do: "resume", ...back });
      return { clients, seconds: ms / 1_000, resumed, gaps, resyncs };
    } finally {
      await load.stop();
    }
  });
