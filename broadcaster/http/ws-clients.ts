/** The WebSockets of the `ws` engine, with topics and with the bounds that uWS has built in. */
import type { Socket as TcpSocket } from "node:net";
import type { WebSocket } from "ws";
import type { Client, SocketEvents } from "./engine.ts";
import { MAX_WAITING_BYTES } from "./limits.ts";

/** How long a client has to read up to its close code. */
const CLOSE_MS = 10_000;

export class WsClients<Data> {
  readonly #events: SocketEvents<Data>;
  readonly #topics = new Map<string, Set<WsClient<Data>>>();
  readonly #open = new Set<WsClient<Data>>();
  readonly #watch: NodeJS.Timeout;

  /** `idleSeconds`: silence after which a socket is cut; half of it is before it is pinged. */
  constructor(events: SocketEvents<Data>, idleSeconds: number) {
    this.#events = events;
    this.#watch = setInterval(() => {
      const nowMs = performance.now();
      for (const client of this.#open) client.look(nowMs, idleSeconds * 1_000);
    }, idleSeconds * 125);
    this.#watch.unref();
  }

  open(webSocket: WebSocket, tcp: TcpSocket, data: Data): void {
    const client = new WsClient(webSocket, tcp, data, this.#events, {
      subscribe: (topic) => {
        const followers = this.#topics.get(topic) ?? new Set();
        this.#topics.set(topic, followers.add(client));
      },
      unsubscribe: (topic) => this.#leave(client, topic),
      gone: () => {
        this.#open.delete(client);
        for (const topic of this.#topics.keys()) this.#leave(client, topic);
      },
    });
    this.#open.add(client);
    this.#events.opened(client);
  }

  publish(topic: string, message: Uint8Array): void {
    for (const client of this.#topics.get(topic) ?? []) client.publish(message);
  }
  numSubscribers(topic: string): number {
    return this.#topics.get(topic)?.size ?? 0;
  }

  close(): void {
    clearInterval(this.#watch);
    for (const client of this.#open) client.close();
  }

  #leave(client: WsClient<Data>, topic: string): void {
    const followers = this.#topics.get(topic);
    followers?.delete(client);
    if (followers?.size === 0) this.#topics.delete(topic);
  }
}

type Topics = { subscribe(topic: string): void; unsubscribe(topic: string): void; gone(): void };

class WsClient<Data> implements Client<Data> {
  readonly #webSocket: WebSocket;
  readonly #tcp: TcpSocket;
  readonly #data: Data;
  readonly #events: SocketEvents<Data>;
  readonly #topics: Topics;
  #open = true;
  /** Bytes were buffered at the last send, so `drained` is called when they are read. */
  #behind = false;
  #heard = { bytes: 0, ms: performance.now() };

  constructor(webSocket: WebSocket, tcp: TcpSocket, data: Data, events: SocketEvents<Data>, topics: Topics) {
    this.#webSocket = webSocket;
    this.#tcp = tcp;
    this.#data = data;
    this.#events = events;
    this.#topics = topics;
    webSocket.on("message", (message, isBinary) => {
      if (this.#open && Buffer.isBuffer(message)) events.message(this, bytesOf(message), isBinary);
    });
    webSocket.on("ping", (message) => {
      if (!this.#open) return;
      events.control(this, bytesOf(message));
      // A client that doesn't read pongs gets no more of them.
      if (this.#open && this.getBufferedAmount() === 0) webSocket.pong(message);
    });
    webSocket.on("pong", (message) => {
      if (this.#open) events.control(this, bytesOf(message));
    });
    // What isn't WebSocket, or is too long, has `ws` close it.
    webSocket.on("error", () => this.close());
    webSocket.on("close", () => this.#gone());
  }

  getUserData(): Data {
    return this.#data;
  }
  getBufferedAmount(): number {
    return this.#webSocket.bufferedAmount;
  }
  cork(within: () => void): void {
    within();
  }
  subscribe(topic: string): void {
    this.#topics.subscribe(topic);
  }
  unsubscribe(topic: string): void {
    this.#topics.unsubscribe(topic);
  }

  send(message: Uint8Array, isBinary: true): number {
    if (this.getBufferedAmount() > MAX_WAITING_BYTES) return 2;
    this.#webSocket.send(message, { binary: isBinary }, this.#sent);
    this.#behind = this.getBufferedAmount() > 0;
    return this.#behind ? 0 : 1;
  }

  publish(message: Uint8Array): void {
    if (this.getBufferedAmount() > MAX_WAITING_BYTES) this.#events.dropped(this, bytesOf(message));
    else this.send(message, true);
  }

  end(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
    // The close handshake isn't awaited, but the client has a while to read up to the code.
    this.#tcp.end();
    const deadline = setTimeout(() => this.#tcp.destroy(), CLOSE_MS);
    this.#tcp.once("close", () => clearTimeout(deadline));
    this.#gone();
  }
  close(): void {
    this.#webSocket.terminate();
    this.#gone();
  }

  /** Pings it after half of the idle time without a byte from it, and cuts it after all of it. */
  look(nowMs: number, idleMs: number): void {
    const { bytesRead } = this.#tcp;
    if (bytesRead !== this.#heard.bytes) this.#heard = { bytes: bytesRead, ms: nowMs };
    const silentMs = nowMs - this.#heard.ms;
    if (silentMs >= idleMs) this.close();
    else if (silentMs >= idleMs / 2 && this.getBufferedAmount() === 0) this.#webSocket.ping();
  }

  readonly #sent = () => {
    if (!this.#behind || !this.#open || this.getBufferedAmount() > 0) return;
    this.#behind = false;
    this.#events.drained(this);
  };

  #gone(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#topics.gone();
    this.#events.closed(this);
  }
}

const bytesOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
