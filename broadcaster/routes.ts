/** The routes of the public port, all of them for GET. */
import type { HttpRequest, HttpResponse, TemplatedApp } from "uWebSockets.js";
import { type HostCheck, MISDIRECTED } from "../shared/hosts.ts";
import { type Answer, problemAnswer, refusedBody, send } from "./answer.ts";

export class Routes {
  readonly app: TemplatedApp;
  /** As they were given, in the notation of OpenAPI: `/feed/{realm}`. */
  readonly paths: string[] = [];

  readonly #isAskedFor: HostCheck;

  /** `isAskedFor`: under which names the port answers. */
  constructor(app: TemplatedApp, isAskedFor: HostCheck) {
    this.app = app;
    this.#isAskedFor = isAskedFor;
  }

  /** Answers a request for another host, or one with a body; whether it did. */
  refused(res: HttpResponse, req: HttpRequest): boolean {
    if (refusedBody(res, req)) return true;
    if (this.#isAskedFor(req.getHeader("host"))) return false;
    send(res, OTHER_HOST);
    return true;
  }

  /** A route that answers when it likes to. A request with a body doesn't reach it. */
  get(path: string, serve: (res: HttpResponse, req: HttpRequest) => void): void {
    this.paths.push(path);
    this.app.get(patternOf(path), (res, req) => {
      if (!this.refused(res, req)) serve(res, req);
    });
  }

  /** A route that has its answer at hand. */
  answer(path: string, answer: Answer): void {
    this.get(path, (res) => send(res, answer));
  }

  /** Answers what no other route took. */
  nothingElse(): void {
    const notFound = problemAnswer(404, "there is nothing at this path");
    const onlyGet = problemAnswer(405, "only GET is served here", { headers: { Allow: "GET" } });
    this.app.any("/*", (res, req) => {
      if (this.refused(res, req)) return;
      const method = req.getCaseSensitiveMethod();
      if (method === "GET") send(res, notFound);
      else send(res, method === "OPTIONS" && isPreflight(req) ? PREFLIGHT : onlyGet);
    });
  }
}

const OTHER_HOST = problemAnswer(421, MISDIRECTED);

/** Browsers ask first where a page of another origin sets one of these headers itself. */
const PREFLIGHT: Answer = {
  status: "204 No Content",
  headers: {
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
  },
};
const isPreflight = (req: HttpRequest): boolean => req.getHeader("access-control-request-method") !== "";

/** A path as uWS has it: `/feed/:realm`. */
export const patternOf = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");
