/** A request that was counted for its address, as a route answers it. */

import type { Allowance, RateLimit } from "../../shared/process/rate-limit.ts";
import type { Answer, EventStream, Exchange, Request, StreamEvents } from "./engine.ts";
import { COMMON_HEADERS } from "./response.ts";

/** `Data`: what the WebSocket carries along that the visit may open. */
export class Visit<Data = never> {
  readonly request: Request;
  /** The address whose limits it counts towards. */
  readonly address: string;
  /** What the path says where the route has `{realm}`; empty elsewhere. */
  readonly realm: string;
  readonly #exchange: Exchange<Data>;
  readonly #headers: Record<string, string>;

  constructor(
    exchange: Exchange<Data>,
    address: string,
    realm: string,
    limit: RateLimit,
    allowance: Allowance,
  ) {
    this.request = exchange.request;
    this.address = address;
    this.realm = realm;
    this.#exchange = exchange;
    this.#headers = { ...COMMON_HEADERS, ...limit.headers(allowance) };
  }

  /** Opens the WebSocket that is asked for; absent where none is. */
  get upgrade(): ((data: Data) => void) | undefined {
    return this.#exchange.upgrade;
  }

  send(answer: Answer): void {
    this.#exchange.send(this.#complete(answer));
  }

  /**
   * Responds in a later turn. Until then uWS cuts a connection that sends another request, so that responses to refused requests
   * can't pile up; after a response uWS would serve the next request, even where the response ends the connection.
   */
  sendLater(answer: Answer, end?: "close"): void {
    setImmediate(() => this.#exchange.send(this.#complete(answer), end));
  }

  stream(head: Omit<Answer, "body">, told: StreamEvents): EventStream {
    return this.#exchange.stream(this.#complete(head), told);
  }

  #complete<Part extends Omit<Answer, "body">>(answer: Part): Part {
    return { ...answer, headers: { ...this.#headers, ...answer.headers } };
  }
}
