/**
 * What the public port needs of a server: HTTP responses, streaming responses, and WebSockets that subscribe to topics. Two engines
 * implement it: `uws-engine.ts`, fast, on uWebSockets.js, and `ws-engine.ts`, on node:http and `ws`, where no binary of the first
 * fits. The port's decisions are made above this interface, so that clients can't tell the engines apart.
 *
 * Both hold to the same bounds. A connection has one answer waiting at most, which the client has `answerMs` to read; a
 * request has `HEAD_SECONDS` to come, and at most `MAX_HEAD_BYTES` of request line and headers.
 */

/** Headers of 16 KB pass, with a request line before them. */
export const MAX_HEAD_BYTES = 20_480;
/** A request that isn't whole by then is cut. uWS has this number built in. */
export const HEAD_SECONDS = 10;

/** A request without a body; it can be asked within the call that brings it, and not later. */
export type Request = {
  /** As it was sent: `GET`. */
  readonly method: string;
  /** Without the query, as it was sent. */
  readonly path: string;
  /** Without its `?`; empty where there is none. */
  readonly query: string;
  /** 4 or 16 bytes: the peer's address. */
  readonly peer: Uint8Array;
  /** The value of the first line of this name, which is in lower case; empty where there is none. */
  header(name: string): string;
  /** Every line, in their order; names are in lower case. */
  eachHeader(line: (name: string, value: string) => void): void;
};

export type Answer = {
  /** `200 OK` */
  status: string;
  headers: Record<string, string>;
  /** Absent: none, not even an empty one. */
  body?: string | Uint8Array;
};

/** A request, and the one way to answer it that is taken. `Data`: what its WebSocket carries along. */
export type Exchange<Data = never> = {
  readonly request: Request;
  /** Responds, now or later; nothing is sent to a client that is gone. `HEAD` gets the same without the body. */
  send(answer: Answer, end?: "close"): void;
  /**
   * Starts a streaming response, which either side may end. Only within the call of the request; the head is sent with the first
   * text.
   */
  stream(head: Omit<Answer, "body">, told: StreamEvents): EventStream;
  /** Opens the WebSocket that is asked for; absent where none is. At once only. */
  readonly upgrade: ((data: Data) => void) | undefined;
};

export type StreamEvents = { drained(): void; closed(): void };
export type EventStream = {
  /**
   * Returns whether everything left this process. If not, nothing more may be written until `drained`.
   * One text in the turn that opens it: that is one cork of uWS, where several corrupt a slow client's chunks.
   */
  write(text: string): boolean;
  /** Cuts the connection; `closed` is told. */
  close(): void;
};

/** An open WebSocket; uWS' own sockets implement it. */
export type Client<Data> = {
  /** What it was opened with. */
  getUserData(): Data;
  /** 1: sent; 0: buffered; 2: dropped, since something was buffered already. */
  send(message: Uint8Array, isBinary: true): number;
  /** Bytes buffered in this process. */
  getBufferedAmount(): number;
  /** Sends everything within in one write. */
  cork(within: () => void): unknown;
  subscribe(topic: string): unknown;
  unsubscribe(topic: string): unknown;
  /** Closes it with a code; `closed` is told before this returns. */
  end(code: number, reason: string): void;
  /** Cuts it; `closed` is told before this returns. */
  close(): void;
};

/** Events of sockets. After `closed` a client must not be used. */
export type SocketEvents<Data> = {
  opened(client: Client<Data>): void;
  /** A text or binary message, which is valid within the call. */
  message(client: Client<Data>, message: ArrayBuffer, isBinary: boolean): void;
  /** A ping or pong. */
  control(client: Client<Data>, message: ArrayBuffer): void;
  /** A message that was published was not sent, since something waits. */
  dropped(client: Client<Data>, message: ArrayBuffer): void;
  drained(client: Client<Data>): void;
  closed(client: Client<Data>): void;
};

export type Engine = {
  readonly name: EngineName;
  /** Sends to every subscriber without buffered bytes; `dropped` is called for the others. */
  publish(topic: string, message: Uint8Array): void;
  numSubscribers(topic: string): number;
  /** Returns the port, which other processes may share. Throws `PortTaken`. */
  listen(host: string, port: number): Promise<number>;
  /** Cuts every connection. */
  close(): void;
};

export type EngineName = "uws" | "ws";

export type Serving<Data> = {
  request(exchange: Exchange<Data>): void;
  sockets: SocketEvents<Data>;
  /** Silence after which a socket is cut; it is pinged before. */
  idleSeconds: number;
  /** An answer that isn't read by then is cut, with its connection. */
  answerMs: number;
};
export type EngineMaker = <Data>(serving: Serving<Data>) => Engine;

/** The port is taken by a program that doesn't share it, or isn't ours to take. */
export class PortTaken extends Error {
  constructor(host: string, port: number) {
    super(`can't listen on port ${port} of ${host}: another program has it; end that one or set FEED_PORT`);
  }
}
