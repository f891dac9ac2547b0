/**
 * HTTP answers of the public port, as values. uWS' parser lets some smuggled requests through, so a request with a body is never
 * served: it is refused and its connection closed. An answer is one write: several in one cork corrupt a slow client's chunks.
 */
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import {
  type FieldProblem,
  PROBLEM_JSON,
  type ProblemStatus,
  problem,
  statusLine,
} from "../shared/contracts/problem.ts";

export type Answer = {
  /** `200 OK` */
  status: string;
  headers: Record<string, string>;
  /** Absent: none, not even an empty one. */
  body?: string;
};

export function problemAnswer(
  status: ProblemStatus,
  detail: string,
  more: { headers?: Record<string, string>; errors?: FieldProblem[] } = {},
): Answer {
  return {
    status: statusLine(status),
    headers: { "Content-Type": PROBLEM_JSON, ...more.headers },
    body: JSON.stringify(problem(status, detail, more.errors)),
  };
}

export const NO_SUCH_REALM = problemAnswer(404, "there is no such realm");
export const REALM_NOT_READY = problemAnswer(503, "the realm is being restored", {
  headers: { "Retry-After": "1" },
});
const BODY_REFUSED = problemAnswer(400, "a request here has no body");

export function send(res: HttpResponse, { status, headers, body }: Answer, close = false): void {
  res.writeStatus(status);
  res.writeHeader("Access-Control-Allow-Origin", "*");
  res.writeHeader("Access-Control-Expose-Headers", "ETag, RateLimit, RateLimit-Policy, Retry-After");
  res.writeHeader("X-Content-Type-Options", "nosniff");
  for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
  if (body === undefined) res.endWithoutBody();
  else res.end(body, close);
}

/**
 * Refuses a request that announces a body in any of its headers, since the first of two need not be the one that counts, and
 * says whether it did. What follows on the connection can't be told from the next request, so the answer waits a turn: uWS cuts
 * a connection that brings a request while one is unanswered, whereas after an answer it would serve that, close or no close.
 */
export function refusedBody(res: HttpResponse, req: HttpRequest): boolean {
  let announced = false;
  req.forEach((header, value) => {
    const name = header.trim();
    if (name === "transfer-encoding" || (name === "content-length" && value !== "0")) announced = true;
  });
  if (!announced) return false;
  let aborted = false;
  res.onAborted(() => {
    aborted = true;
  });
  setImmediate(() => {
    if (!aborted) res.cork(() => send(res, BODY_REFUSED, true));
  });
  return true;
}
