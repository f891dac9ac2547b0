/** Refusals of the API: RFC 9457 problem details, with the path of every field that is wrong. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors as natsErrors } from "@nats-io/transport-node";
import type { FastifyError, FastifyInstance } from "fastify";
import type { z } from "zod";
import {
  fieldProblems,
  PROBLEM_JSON,
  Problem,
  type ProblemStatus,
  problem,
} from "../../shared/contracts/problem.ts";
import type { Log } from "../../shared/process/log.ts";
import { REFUSED } from "../../shared/stream/publish.ts";
import { Crowded, RawClosed, StoreFull, Unavailable } from "../gateway/gateway.ts";

/** After this long a refused request may be worth another try, seconds. */
const RETRY_AFTER_SECONDS = 2;

/** A request that is answered with a problem. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(status: ProblemStatus, detail: string, errors?: Problem["errors"]) {
    super(detail);
    this.problem = problem(status, detail, errors);
  }
}

/** A 400 that names one field, parameter or header. */
export const wrongField = (path: string, message: string): Refused =>
  new Refused(400, `${path}: ${message}`, [{ path, message }]);

/** A 400 with everything that a schema found wrong. */
export function schemaRefused(error: z.ZodError): Refused {
  const errors = fieldProblems(error);
  const { path, message } = errors[0]!;
  return new Refused(400, path === "" ? message : `${path}: ${message}`, errors);
}

/** The problem that a failure is for the caller. Unforeseen errors are logged, and reveal nothing to the caller. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof Refused) return error.problem;
  if (error instanceof Crowded) return problem(429, error.message);
  if (error instanceof Unavailable) return problem(503, error.message);
  if (error instanceof RawClosed) return problem(410, error.message);
  if (error instanceof StoreFull) return problem(507, error.message);
  if (isNatsAway(error)) return problem(503, "NATS does not answer");
  if (isStreamGone(error)) return problem(503, "a stream that this needs is not there: it is to be restored");
  const { statusCode: status, message } = error as FastifyError;
  if (status === 413 || status === 415) return problem(status, message);
  if (status === 503) return problem(503, "the answer takes too long: ask again with the same key");
  if (status !== undefined && status < 500) return problem(400, message);
  log.error({ err: error }, "a request failed");
  return problem(500, "something here failed; it is logged");
}

const isNatsAway = (error: unknown): boolean =>
  [
    natsErrors.TimeoutError,
    natsErrors.NoRespondersError,
    natsErrors.RequestError,
    natsErrors.ConnectionError,
    natsErrors.ClosedConnectionError,
  ].some((kind) => error instanceof kind) ||
  (error instanceof JetStreamApiError && error.status === 503);

const isStreamGone = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === REFUSED.streamNotFound;

/** Every error of the server is answered with a problem. */
export function answerProblems(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error, _request, reply) => {
    const answer = problemOf(error, log);
    if ([429, 503, 507].includes(answer.status)) reply.header("retry-after", RETRY_AFTER_SECONDS);
    if (answer.status === 401) reply.header("www-authenticate", "Bearer");
    return reply.code(answer.status).type(PROBLEM_JSON).send(answer);
  });
}

const ProblemBody = Problem.meta({ id: "Problem" });

const MEANINGS = {
  400: "A field, parameter or header is wrong; `errors` has the path of each",
  401: "The bearer token is missing or wrong",
  403: "The token lacks the scope, or is for other realms, or the body claims another actor",
  404: "No such realm or thing",
  410: "The realm has ended, or is ending and takes nothing any more",
  409: "The state of the realm forbids it",
  413: "Larger than is taken",
  415: "Not `application/json`",
  422: "The idempotency key is known with another body",
  429: "Too many requests of this token wait or came within a minute",
  503: "RAW is full or NATS is away: nothing of this request is promised; try again with the same key",
  507: "The store of the NATS servers is full: nothing of this request is promised; try again once there is room",
} as const;

/**
 * The problems that a route may answer with, for its schema; 503 is every route's, and what a token is refused with is added. A
 * realm that may be missing may have ended.
 */
export function refusals(...statuses: (keyof typeof MEANINGS)[]): object {
  const content = { [PROBLEM_JSON]: { schema: ProblemBody } };
  return Object.fromEntries(
    [...statuses, ...(statuses.includes(404) ? [410 as const] : []), 503 as const, 507 as const].map(
      (status) => [status, { description: MEANINGS[status], content }],
    ),
  );
}
