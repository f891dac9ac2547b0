/** The engine on uWebSockets.js: a broadcast is encoded once and handed to the kernel in C++. */
import type { HttpRequest, HttpResponse, us_listen_socket, us_socket_context_t } from "uWebSockets.js";
import {
  type Answer,
  type Engine,
  type EngineMaker,
  type EventStream,
  type Exchange,
  PortTaken,
  type Request,
  type Serving,
  type StreamEvents,
} from "./engine.ts";
import { MAX_MESSAGE_BYTES, MAX_WAITING_BYTES } from "./limits.ts";

type Uws = Pick<typeof import("uWebSockets.js"), "App" | "us_listen_socket_close" | "us_socket_local_port">;

/** `uws`: the binding, as `uws-binary.ts` loads it. */
export const uwsEngine =
  (uws: Uws): EngineMaker =>
  <Data>({ request, sockets, idleSeconds, answerMs }: Serving<Data>) => {
    const app = uws.App();
    // Before anything is published: publishing without such a route crashes the process.
    app.ws<Data>("/*", {
      maxPayloadLength: MAX_MESSAGE_BYTES,
      maxBackpressure: MAX_WAITING_BYTES,
      closeOnBackpressureLimit: false,
      idleTimeout: idleSeconds,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => serve(new UwsExchange<Data>(res, req, answerMs, context)),
      open: sockets.opened,
      message: sockets.message,
      ping: sockets.control,
      pong: sockets.control,
      dropped: sockets.dropped,
      drain: sockets.drained,
      close: sockets.closed,
    });
    app.any("/*", (res, req) => serve(new UwsExchange<Data>(res, req, answerMs)));
    const serve = (exchange: UwsExchange<Data>) => {
      request(exchange);
      exchange.returned();
    };
    let listening: us_listen_socket | undefined;
    return {
      name: "uws",
      publish: (topic, message) => void app.publish(topic, message, true),
      numSubscribers: (topic) => app.numSubscribers(topic),
      listen: async (host, port) => {
        const socket = await new Promise<us_listen_socket | false>((resolve) =>
          app.listen(host, port, resolve),
        );
        if (socket === false) throw new PortTaken(host, port);
        listening = socket;
        return uws.us_socket_local_port(socket);
      },
      close: () => {
        if (listening !== undefined) uws.us_listen_socket_close(listening);
        listening = undefined;
        app.close();
      },
    } satisfies Engine;
  };

class UwsRequest implements Request {
  readonly #res: HttpResponse;
  readonly #req: HttpRequest;

  constructor(res: HttpResponse, req: HttpRequest) {
    this.#res = res;
    this.#req = req;
  }

  get method(): string {
    return this.#req.getCaseSensitiveMethod();
  }
  get path(): string {
    return this.#req.getUrl();
  }
  get query(): string {
    return this.#req.getQuery() ?? "";
  }
  get peer(): Uint8Array {
    return new Uint8Array(this.#res.getRemoteAddress());
  }
  header(name: string): string {
    return this.#req.getHeader(name);
  }
  eachHeader(line: (name: string, value: string) => void): void {
    this.#req.forEach(line);
  }
}

class UwsExchange<Data> implements Exchange<Data> {
  readonly request: Request;
  readonly upgrade: ((data: Data) => void) | undefined;
  readonly #res: HttpResponse;
  readonly #answerMs: number;
  readonly #headOnly: boolean;
  /** It was answered, or its client is gone. */
  #over = false;
  /** uWS' own call is over: what is sent from now on has to be corked. */
  #returned = false;

  constructor(res: HttpResponse, req: HttpRequest, answerMs: number, context?: us_socket_context_t) {
    this.#res = res;
    this.#answerMs = answerMs;
    this.request = new UwsRequest(res, req);
    this.#headOnly = this.request.method === "HEAD";
    if (context === undefined) return;
    this.upgrade = (data) => {
      this.#over = true;
      const header = (name: string) => req.getHeader(`sec-websocket-${name}`);
      res.upgrade(data, header("key"), header("protocol"), header("extensions"), context);
    };
  }

  /** uWS ends a process that neither answers nor waits to hear of a client that is gone. */
  returned(): void {
    this.#returned = true;
    if (!this.#over) this.#awaitEnd(() => {});
  }

  send(answer: Answer, end?: "close"): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#returned) this.#res.cork(() => this.#answer(answer, end === "close"));
    else this.#answer(answer, end === "close");
  }

  /**
   * The body is written as far as the kernel takes it, and the rest when that was read: uWS keeps no copy. A request that comes
   * on the connection while a rest waits has uWS cut it, so there is one at most.
   */
  #answer({ status, headers, body }: Answer, close: boolean): void {
    const res = this.#res;
    res.writeStatus(status);
    for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (bytes === undefined || this.#headOnly) {
      // Told to report a length itself, uWS would wait for as many bytes.
      if (bytes !== undefined) res.writeHeader("Content-Length", `${bytes.length}`);
      res.endWithoutBody();
    } else if (close) res.end(bytes, true);
    else if (!res.tryEnd(bytes, bytes.length)[1]) this.#sendRest(bytes);
  }

  #sendRest(bytes: Uint8Array): void {
    const res = this.#res;
    let open = true;
    const deadline = setTimeout(() => res.close(), this.#answerMs);
    const over = () => {
      open = false;
      clearTimeout(deadline);
    };
    this.#awaitEnd(over);
    res.onWritable(() => {
      // A turn later, for the reason that `Pace.drained` has.
      setImmediate(() => {
        if (!open) return;
        res.cork(() => {
          const [, done] = res.tryEnd(bytes.subarray(res.getWriteOffset()), bytes.length);
          if (done) over();
        });
      });
      return true;
    });
  }

  stream({ status, headers }: Omit<Answer, "body">, told: StreamEvents): EventStream {
    const res = this.#res;
    this.#over = true;
    this.#awaitEnd(() => told.closed());
    res.onWritable(() => {
      told.drained();
      return true;
    });
    res.writeStatus(status);
    for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
    const write = (text: string) => {
      let taken = true;
      res.cork(() => {
        taken = res.write(text);
      });
      return taken;
    };
    return { write, close: () => void res.close() };
  }

  /** Only the last that is given here is called. */
  #awaitEnd(ended: () => void): void {
    this.#res.onAborted(() => {
      this.#over = true;
      ended();
    });
  }
}
