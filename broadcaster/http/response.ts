/** Answers of the public port, as values. */
import {
  type FieldProblem,
  PROBLEM_JSON,
  type ProblemStatus,
  problem,
  statusLine,
} from "../../shared/contracts/problem.ts";
import type { Answer } from "./engine.ts";

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
export const REALM_ENDED = problemAnswer(410, "the realm has ended");
export const REALM_NOT_READY = problemAnswer(503, "the realm is being restored", {
  headers: { "Retry-After": "1" },
});
export const BODY_REFUSED = problemAnswer(400, "this port takes no request body");

/** Headers of every answer: any origin may read it, and what it says of limits. */
export const COMMON_HEADERS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "ETag, RateLimit, RateLimit-Policy, Retry-After",
  "X-Content-Type-Options": "nosniff",
};
