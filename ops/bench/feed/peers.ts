/**
 * What is measured, each as a process: the feed, bare `uWS.publish` of the same bytes, `ws`, and Socket.IO with the same deltas.
 * Each publishes as far as it is allowed to, some deltas a turn, so that a slow reader doesn't make it a measure of memory.
 */

import { App, type us_listen_socket, us_socket_local_port } from "uWebSockets.js";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as SocketIo } from "socket.io";
import { WebSocketServer } from "ws";
import { chooseEngine } from "../../../broadcaster/http/choose-engine.ts";
import { FEED_LIMITS } from "../../../broadcaster/http/limits.ts";
import { PublicServer } from "../../../broadcaster/public.ts";
import { encodeFrame } from "../../../broadcaster/realm/encode.ts";
import { RealmView } from "../../../broadcaster/realm/realm-view.ts";
import { ScriptedWorld } from "../../../broadcaster/testing/scripted-world.ts";
import type { WorldDelta } from "../../../shared/contracts/world.ts";
import { answerAll, Child } from "./child.ts";

export type Kind = "feed" | "bare" | "ws" | "socket.io";
type Ask = { do: "listen" | "usage" } | { do: "until"; delta: number };
type Answers = {
  listen: { port: number; deltas: number; bytes: number };
  usage: { cpuMs: number; rssBytes: number };
  until: number;
};
export type Peer = Child<Ask, Answers>;
export const startPeer = (kind: Kind, deltas: number): Peer =>
  new Child(import.meta.filename, [kind, `${deltas}`]);

export const REALM = "amoi-1";
/** As many as uWS hands over at once; `ws` and Socket.IO write each by itself. */
const PER_TURN = 32;

/** Deltas of about 300 bytes on the wire, as NATS brings them. */
function makeDeltas(count: number): { world: ScriptedWorld; deltas: WorldDelta[] } {
  const world = new ScriptedWorld(REALM);
  const deltas = Array.from({ length: count }, (_, i) => {
    const influence = 1_000_000 + i;
    const { delta } = world.tick({ factions: { empire: { influence, share_bp: 3_334 + (i % 2) } } });
    return delta;
  });
  return { world: new ScriptedWorld(REALM), deltas };
}

const { make: makeEngine } = await chooseEngine("uws");

type Publisher = { listen(): Promise<number>; publish(delta: number): void };

function feed(world: ScriptedWorld, deltas: WorldDelta[]): Publisher {
  const server = new PublicServer(makeEngine, "a-secret-that-has-32-characters-or-more", {
    ...FEED_LIMITS,
    connectionsPerAddress: 100_000,
    openingsPerMinute: 1_000_000,
  });
  const channel = server.feed.open(REALM);
  channel.restored(new RealmView(world.snapshot, "e1"));
  const texts = deltas.map((delta) => JSON.stringify(delta));
  return {
    listen: () => server.listen("127.0.0.1", 0),
    publish: (i) => channel.advanced(channel.view!.advance(JSON.parse(texts[i]!) as WorldDelta)),
  };
}

function bare(frames: Uint8Array[]): Publisher {
  const app = App();
  app.ws("/*", { maxBackpressure: 0, idleTimeout: 0, open: (socket) => void socket.subscribe("all") });
  return {
    listen: () =>
      new Promise((resolve) => {
        app.listen("127.0.0.1", 0, (socket) => resolve(us_socket_local_port(socket as us_listen_socket)));
      }),
    publish: (i) => app.publish("all", frames[i]!, true),
  };
}

const listenHttp = (server: ReturnType<typeof createServer>): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", 4_096, () => resolve((server.address() as AddressInfo).port));
  });

function ws(frames: Uint8Array[]): Publisher {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  return {
    listen: () => listenHttp(server),
    publish: (i) => {
      for (const socket of sockets.clients) socket.send(frames[i]!, { binary: true });
    },
  };
}

function socketIo(deltas: WorldDelta[]): Publisher {
  const server = createServer();
  const io = new SocketIo(server, {
    transports: ["websocket"],
    perMessageDeflate: false,
    pingInterval: 600_000,
    serveClient: false,
  });
  return { listen: () => listenHttp(server), publish: (i) => io.emit("delta", deltas[i]) };
}

function publisherOf(kind: Kind, world: ScriptedWorld, deltas: WorldDelta[]): Publisher {
  const frames = () => deltas.map((delta) => encodeFrame({ type: "delta", epoch: "e1", ...delta }).bytes);
  switch (kind) {
    case "feed":
      return feed(world, deltas);
    case "bare":
      return bare(frames());
    case "ws":
      return ws(frames());
    case "socket.io":
      return socketIo(deltas);
    default:
      return kind satisfies never;
  }
}

if (import.meta.main) {
  const [kind, count] = process.argv.slice(2) as [Kind, string];
  const { world, deltas } = makeDeltas(Number(count));
  const publisher = publisherOf(kind, world, deltas);
  let published = 0;
  let allowed = 0;
  let publishing = false;
  const publish = () => {
    const end = Math.min(allowed, deltas.length, published + PER_TURN);
    publishing = published < end;
    while (published < end) publisher.publish(published++);
    if (publishing) setImmediate(publish);
  };
  answerAll<Ask>(async (asked) => {
    switch (asked.do) {
      case "listen": {
        const { bytes } = encodeFrame({ type: "delta", epoch: "e1", ...deltas[0]! });
        return { port: await publisher.listen(), deltas: deltas.length, bytes: bytes.length };
      }
      case "usage": {
        const { user, system } = process.cpuUsage();
        return { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() };
      }
      case "until":
        allowed = asked.delta;
        if (!publishing) publish();
        return published;
      default:
        return asked satisfies never;
    }
  });
}
