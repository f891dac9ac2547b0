/**
 * The routes of the public port, all of them for GET and HEAD. Every request counts towards a limit of its address, whatever it
 * asks for, and a request over its limit is refused before anything is looked up.
 */
import { type HostCheck, MISDIRECTED } from "../../shared/auth/hosts.ts";
import type { RateLimit } from "../../shared/process/rate-limit.ts";
import { addressOf, type TrustedProxies } from "./address.ts";
import type { Answer, Exchange, Request } from "./engine.ts";
import { BODY_REFUSED, problemAnswer } from "./response.ts";
import { Visit } from "./visit.ts";

type Route<Data> = { serve: (visit: Visit<Data>) => void; limit: RateLimit };

/** `Data`: what the WebSockets carry along that a route opens. */
export class Routes<Data = never> {
  /** As they were given, in the notation of OpenAPI: `/feed/{realm}`. */
  readonly paths: string[] = [];
  readonly #reads: RateLimit;
  readonly #proxies: TrustedProxies | undefined;
  readonly #isAskedFor: HostCheck;
  readonly #fixed = new Map<string, Route<Data>>();
  readonly #ofRealm: { pattern: RegExp; route: Route<Data> }[] = [];
  readonly #nothing: Route<Data>;

  /**
   * `reads`: what every request counts towards, but for routes that have a limit of their own. `isAskedFor`: under which names
   * the port answers.
   */
  constructor(reads: RateLimit, proxies: TrustedProxies | undefined, isAskedFor: HostCheck) {
    this.#reads = reads;
    this.#proxies = proxies;
    this.#isAskedFor = isAskedFor;
    this.#nothing = { serve: (visit) => visit.send(NOT_FOUND), limit: reads };
  }

  /** A route that answers when it likes to. No request with a body, and none of another method, reaches it. */
  get(path: string, serve: (visit: Visit<Data>) => void, limit = this.#reads): void {
    this.paths.push(path);
    const route = { serve, limit };
    if (path.includes("{realm}"))
      this.#ofRealm.push({ pattern: new RegExp(`^${path.replace("{realm}", "([^/]+)")}$`), route });
    else this.#fixed.set(path, route);
  }

  /** A route that has its answer at hand. */
  answer(path: string, { body, ...head }: Answer): void {
    const answer = body === undefined ? head : { ...head, body: Buffer.from(body) };
    this.get(path, (visit) => visit.send(answer));
  }

  /** Answers a request, or has its route answer it. */
  serve(exchange: Exchange<Data>): void {
    const { request } = exchange;
    const { route, realm } = this.#find(request.path);
    const { limit } = route;
    const address = addressOf(request, this.#proxies);
    const allowance = limit.take(address, Date.now());
    const visit = new Visit(exchange, address, realm, limit, allowance);
    const { method } = request;
    // What follows a body on its connection can't be told from the next request.
    if (announcesBody(request)) visit.sendLater(BODY_REFUSED, "close");
    else if (!allowance.allowed) visit.sendLater(refusalBy(limit), "close");
    else if (!this.#isAskedFor(request.header("host"))) visit.send(OTHER_HOST);
    else if (method === "GET" || method === "HEAD") route.serve(visit);
    else visit.send(method === "OPTIONS" && isPreflight(request) ? PREFLIGHT : ONLY_GET);
  }

  #find(path: string): { route: Route<Data>; realm: string } {
    const fixed = this.#fixed.get(path);
    if (fixed !== undefined) return { route: fixed, realm: "" };
    for (const { pattern, route } of this.#ofRealm) {
      const realm = pattern.exec(path)?.[1];
      if (realm !== undefined) return { route, realm };
    }
    return { route: this.#nothing, realm: "" };
  }
}

const OTHER_HOST = problemAnswer(421, MISDIRECTED);
const NOT_FOUND = problemAnswer(404, "this path doesn't exist");
const METHODS = "GET, HEAD";
const ONLY_GET = problemAnswer(405, "only GET and HEAD are served here", { headers: { Allow: METHODS } });
const refusalBy = ({ name, perMinute }: RateLimit): Answer =>
  problemAnswer(429, `only ${perMinute} ${name} a minute of one address are answered`);

/** Browsers ask first where a page of another origin sets one of these headers itself. */
const PREFLIGHT: Answer = {
  status: "204 No Content",
  headers: {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers":
      "Authorization, Cache-Control, If-None-Match, Last-Event-ID, Pragma, traceparent, tracestate",
    "Access-Control-Max-Age": "86400",
  },
};
const isPreflight = (request: Request): boolean => request.header("access-control-request-method") !== "";

/** In any of its headers, since a server may use either of two. */
function announcesBody(request: Request): boolean {
  let announced = false;
  request.eachHeader((header, value) => {
    const name = header.trim();
    if (name === "transfer-encoding" || (name === "content-length" && value !== "0")) announced = true;
  });
  return announced;
}
