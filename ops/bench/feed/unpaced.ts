/** Frames delivered per second, as fast as they are read. */
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "./load.ts";
import { type Kind, REALM, startPeer } from "./peers.ts";

const PATHS: Record<Kind, string> = {
  feed: `/feed/${REALM}`,
  bare: "/",
  ws: "/",
  "socket.io": "/socket.io/?EIO=4&transport=websocket",
};
/** Deltas that a client may be behind: more would measure how much the kernel takes. */
const WINDOW = 96;
/** Deltas made beforehand, for each second: more than a thousand clients can read. */
const DELTAS_PER_SECOND = 2_000;
const WARM_UP_MS = 500;

export type Unpaced = {
  /** Frames delivered per second, to all clients together. */
  rate: number;
  /** Server CPU of a delivered frame, µs. */
  cpuUs: number;
  /** Bytes of a delta on the wire. */
  bytes: number;
};

export async function measureUnpaced(kind: Kind, clients: number, seconds: number): Promise<Unpaced> {
  const peer = startPeer(kind, Math.ceil(DELTAS_PER_SECOND * seconds * 1.5));
  const load = startLoad();
  try {
    const { port, deltas, bytes } = await peer.ask({ do: "listen" });
    const socketIo = kind === "socket.io";
    await load.ask({ do: "connect", port, path: PATHS[kind], count: clients, socketIo });
    if (socketIo) while ((await load.ask({ do: "count" })).frames < clients * 2) await delay(20);
    const before = await load.ask({ do: "count" });
    /** Keeps the window full until the time is over, or the deltas are; answers where it ended. */
    const run = async (forMs: number, most: number) => {
      for (const endMs = performance.now() + forMs; performance.now() < endMs; await delay(2)) {
        const { frames } = await load.ask({ do: "count" });
        const delta = Math.floor((frames - before.frames) / clients) + WINDOW;
        if (delta > most) break;
        await peer.ask({ do: "until", delta });
      }
      return {
        ...(await load.ask({ do: "count" })),
        ms: performance.now(),
        ...(await peer.ask({ do: "usage" })),
      };
    };
    const first = await run(WARM_UP_MS, deltas / 4);
    const last = await run(seconds * 1_000, deltas);
    const frames = last.frames - first.frames;
    if (last.closed > 0 || last.others > (kind === "feed" ? 0 : Number.POSITIVE_INFINITY))
      throw new Error(`${kind}: ${last.closed} of ${clients} closed, ${last.others} frames beside deltas`);
    return {
      rate: (frames / (last.ms - first.ms)) * 1_000,
      cpuUs: ((last.cpuMs - first.cpuMs) * 1_000) / frames,
      bytes,
    };
  } finally {
    await load.stop();
    await peer.stop();
  }
}
