/** How the API says no: RFC 9457 problem details. */
import type { FastifyError } from "fastify";
import { type Problem, type ProblemStatus, problem } from "../../shared/contracts/problem.ts";
import type { Log } from "../../shared/log.ts";
import { Unavailable } from "../gateway.ts";

/** A request that is answered with a problem. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(status: ProblemStatus, detail: string, errors?: Problem["errors"]) {
    super(detail);
    this.problem = problem(status, detail, errors);
  }
}

/** What a failure is to the caller. What nobody foresaw is logged and says nothing of the inside. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof Refused) return error.problem;
  if (error instanceof Unavailable) return problem(503, error.message);
  const { statusCode: status, message } = error as FastifyError;
  if (status === 413 || status === 415) return problem(status, message);
  if (status !== undefined && status < 500) return problem(400, message);
  log.error({ err: error }, "a request failed");
  return problem(500, "something here failed; it is logged");
}

/** The problems that a route may answer with, for its schema; 401 and 503 are every route's. */
export const refusals = (..._statuses: ProblemStatus[]): object => ({});
