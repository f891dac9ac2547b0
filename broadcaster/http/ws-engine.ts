/**
 * The engine on node:http and `ws`, for platforms that the binary of uWebSockets.js doesn't fit. Each socket is written to by
 * JavaScript, so a broadcast costs several times as much (ARCHITECTURE.md). In return node's parser takes what that of uWS
 * doesn't: HTTP/1.0, and a request line that is split over packets anywhere.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket as TcpSocket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { refuseUnreadable } from "../../shared/process/http.ts";
import { addressOfBytes, parseAddress } from "../../shared/process/networks.ts";
import {
  type Answer,
  type Engine,
  type EngineMaker,
  type EventStream,
  type Exchange,
  HEAD_SECONDS,
  MAX_HEAD_BYTES,
  PortTaken,
  type Request,
  type Serving,
  type StreamEvents,
} from "./engine.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { WsClients } from "./ws-clients.ts";

/** Requests of a connection that may wait for the answer before; one more cuts it. */
const MAX_PIPELINED = 16;
/** Fragments of one message; no honest client sends even two. */
const MAX_FRAGMENTS = 16;
/** How often connections are looked at that take too long. */
const CHECK_MS = 1_000;

export const wsEngine: EngineMaker = (serving) => new WsEngine(serving);

class WsEngine<Data> implements Engine {
  readonly name = "ws";
  readonly #server: Server;
  readonly #clients: WsClients<Data>;
  readonly #upgraded = new Set<Duplex>();

  constructor({ request, sockets, idleSeconds, answerMs }: Serving<Data>) {
    this.#clients = new WsClients(sockets, idleSeconds);
    const turns = new WeakMap<TcpSocket, Turns>();
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEAD_BYTES,
        headersTimeout: HEAD_SECONDS * 1_000,
        requestTimeout: HEAD_SECONDS * 1_000,
        keepAliveTimeout: HEAD_SECONDS * 1_000,
        connectionsCheckingInterval: CHECK_MS,
        // Whatever they ask for is not here, but they are answered like by the other engine.
        requireHostHeader: false,
      },
      (req, res) => {
        const own = turns.get(req.socket) ?? new Turns(req.socket);
        turns.set(req.socket, own);
        own.take(res, () => request(new WsExchange<Data>(req, res, answerMs)));
      },
    );
    this.#server.on("clientError", (error: Error & { code?: string }, socket: TcpSocket) => {
      // As by uWS, without a word.
      if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") socket.destroy();
      else refuseUnreadable(error, socket);
    });
    const upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      maxFragments: MAX_FRAGMENTS,
      autoPong: false,
    });
    this.#server.on("upgrade", (req: IncomingMessage, socket: TcpSocket, head: Buffer) => {
      this.#upgraded.add(socket);
      socket.once("close", () => this.#upgraded.delete(socket));
      socket.on("error", () => socket.destroy());
      const upgrade = (data: Data) =>
        upgrades.handleUpgrade(req, socket, head, (webSocket) => this.#clients.open(webSocket, socket, data));
      const res = new ServerResponse(req);
      res.assignSocket(socket);
      res.shouldKeepAlive = false;
      res.once("finish", () => socket.end());
      request(new WsExchange<Data>(req, res, answerMs, asksForWebSocket(req) ? upgrade : undefined));
    });
  }

  publish(topic: string, message: Uint8Array): void {
    this.#clients.publish(topic, message);
  }
  numSubscribers(topic: string): number {
    return this.#clients.numSubscribers(topic);
  }

  async listen(host: string, port: number): Promise<number> {
    const listening = (reusePort: boolean) =>
      new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen({ host, port, reusePort, backlog: 4_096 }, () => {
          this.#server.off("error", reject);
          resolve();
        });
      });
    await listening(true)
      .catch((error) => (codeOf(error) === "ENOTSUP" ? listening(false) : Promise.reject(error)))
      .catch((error) => {
        throw ["EADDRINUSE", "EACCES"].includes(codeOf(error)) ? new PortTaken(host, port) : error;
      });
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#clients.close();
    for (const socket of this.#upgraded) socket.destroy();
  }
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";

const asksForWebSocket = ({ method, headers }: IncomingMessage): boolean =>
  method === "GET" &&
  headers.upgrade?.toLowerCase() === "websocket" &&
  headers["sec-websocket-key"] !== undefined;

/** Requests that come on a connection before the answer to one was read are answered one after the other. */
class Turns {
  readonly #socket: TcpSocket;
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  constructor(socket: TcpSocket) {
    this.#socket = socket;
  }

  take(res: ServerResponse, answer: () => void): void {
    res.once("close", () => {
      this.#busy = false;
      this.#next();
    });
    this.#waiting.push(answer);
    if (this.#waiting.length > MAX_PIPELINED) this.#socket.destroy();
    else this.#next();
  }

  #next(): void {
    if (this.#busy || this.#socket.destroyed) return;
    const answer = this.#waiting.shift();
    if (answer === undefined) return;
    this.#busy = true;
    answer();
  }
}

class WsRequest implements Request {
  readonly #req: IncomingMessage;
  readonly method: string;
  readonly path: string;
  readonly query: string;

  constructor(req: IncomingMessage) {
    this.#req = req;
    this.method = req.method ?? "";
    const url = req.url ?? "";
    const mark = url.indexOf("?");
    this.path = mark < 0 ? url : url.slice(0, mark);
    this.query = mark < 0 ? "" : url.slice(mark + 1);
  }

  get peer(): Uint8Array {
    const address = parseAddress((this.#req.socket.remoteAddress ?? "").replace(/%.*/, ""));
    // A socket that is gone has no address.
    return Uint8Array.from((address ?? addressOfBytes(Uint8Array.of(0, 0, 0, 0))).toByteArray());
  }
  header(name: string): string {
    let found: string | undefined;
    this.eachHeader((each, value) => {
      if (each === name) found ??= value;
    });
    return found ?? "";
  }
  eachHeader(line: (name: string, value: string) => void): void {
    const { rawHeaders } = this.#req;
    for (let i = 0; i < rawHeaders.length; i += 2) line(rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!);
  }
}

class WsExchange<Data> implements Exchange<Data> {
  readonly request: Request;
  readonly upgrade: ((data: Data) => void) | undefined;
  readonly #res: ServerResponse;
  readonly #answerMs: number;
  #over = false;

  constructor(req: IncomingMessage, res: ServerResponse, answerMs: number, upgrade?: (data: Data) => void) {
    this.#answerMs = answerMs;
    this.request = new WsRequest(req);
    this.#res = res;
    res.once("close", () => {
      this.#over = true;
    });
    if (upgrade === undefined) return;
    this.upgrade = (data) => {
      this.#over = true;
      // From here on the connection is the WebSocket's.
      res.removeAllListeners("finish");
      if (res.socket !== null) res.detachSocket(res.socket);
      upgrade(data);
    };
  }

  send({ status, headers, body }: Answer, end?: "close"): void {
    if (this.#over) return;
    this.#over = true;
    const res = this.#res;
    if (end === "close") res.setHeader("Connection", "close");
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const length = bytes === undefined ? {} : { "Content-Length": bytes.length };
    const deadline = setTimeout(() => res.socket?.destroy(), this.#answerMs);
    res.once("close", () => clearTimeout(deadline));
    writeHead(res, status, { ...headers, ...length });
    res.end(bytes);
  }

  stream({ status, headers }: Omit<Answer, "body">, told: StreamEvents): EventStream {
    const res = this.#res;
    const socket = res.socket;
    this.#over = true;
    res.once("close", () => told.closed());
    writeHead(res, status, headers);
    const write = (text: string) => {
      let waits = false;
      res.write(text, () => {
        if (waits && !res.destroyed) told.drained();
      });
      // node holds it back until the turn is over.
      socket?.uncork();
      waits = socket !== null && socket.writableLength > 0;
      return !waits;
    };
    return { write, close: () => void socket?.destroy() };
  }
}

/** `status`: `200 OK`. */
function writeHead(res: ServerResponse, status: string, headers: Record<string, string | number>): void {
  res.writeHead(Number(status.slice(0, 3)), status.slice(4), headers);
}
