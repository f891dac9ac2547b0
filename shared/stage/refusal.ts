/**
 * Refusals: what stops a realm until an operator has looked. An error that the same input would cause again is a refusal and never
 * retried in silence; errors of the network are retried.
 */
import { JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { Superseded } from "../stream/fence.ts";
import { Refusal as BusRefusal, TooLarge } from "../stream/publish.ts";
import { StreamGap } from "../stream/reader.ts";
import { streamOf } from "../stream/subjects.ts";
import type { MessagePlace } from "../stream/waiting.ts";
import { CacheUnusable } from "./cache-unusable.ts";

/** Why a realm is refused; the values of the label `reason` of `amoi_realm_refused`. */
export const REFUSAL_REASONS = ["contradiction", "engine", "error", "foreign", "gap", "too_large"] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** The realm must not run: its stage would skip, repeat or invent something. */
export class RealmRefused extends Error {
  readonly reason: RefusalReason;
  /** The message that caused the refusal, where one did. */
  place: MessagePlace | undefined;

  constructor(
    message: string,
    options: { reason?: RefusalReason; place?: MessagePlace; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.reason = options.reason ?? "contradiction";
    this.place = options.place;
  }
}

/** A message's identity. */
export type Known = { subject: string; seq: number };

/** A message of VALID, EVENTS or WORLD isn't what its subject says. */
export class ForeignMessage extends RealmRefused {
  /** What is wrong with it. */
  readonly why: string;

  constructor({ subject, seq }: Known, why: string, cause?: unknown) {
    const place = { stream: streamOf(subject), seq };
    const realm = subject.slice(subject.lastIndexOf(".") + 1);
    super(
      `message ${seq} of ${place.stream}, on ${subject}, is foreign: ${why}; npm run doctor -- --realm ${realm} shows it and takes it out`,
      { reason: "foreign", place, cause },
    );
    this.why = why;
  }
}

/** Folds a message. A fold is pure, so an error would come again: it becomes a refusal that names the message. */
export function foldOrRefuse<T>(message: Known, fold: () => T): T {
  try {
    return fold();
  } catch (error) {
    if (error instanceof CacheUnusable || error instanceof Superseded) throw error;
    if (!(error instanceof RealmRefused))
      throw new ForeignMessage(message, `folding it fails, ${error}`, error);
    error.place ??= { stream: streamOf(message.subject), seq: message.seq };
    throw error;
  }
}

const PASSING = [
  errors.AuthorizationError,
  errors.ClosedConnectionError,
  errors.ConnectionError,
  errors.DrainingConnectionError,
  errors.NoRespondersError,
  errors.PermissionViolationError,
  errors.ProtocolError,
  errors.RequestError,
  errors.TimeoutError,
  errors.UserAuthenticationExpiredError,
  JetStreamApiError,
  JetStreamError,
  BusRefusal,
];

/** Whether a retry may succeed although nothing was changed: NATS is away, busy or full, or a deadline passed. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (PASSING.some((kind) => error instanceof kind)) return true;
  if (error.name === "AbortError" || error.name === "TimeoutError") return true;
  // Of the system: ECONNREFUSED, EPIPE. Node's own begin with ERR_.
  if ("code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) return true;
  return error.cause !== undefined && isPassing(error.cause);
}

/** The refusal that an error means; `undefined` where a retry may succeed. */
export function refusalOf(error: unknown): RealmRefused | undefined {
  if (error instanceof RealmRefused) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StreamGap) return new RealmRefused(message, { reason: "gap", cause: error });
  if (error instanceof TooLarge) return new RealmRefused(message, { reason: "too_large", cause: error });
  if (isPassing(error)) return undefined;
  return new RealmRefused(`the same input fails in the same way each time: ${error}`, {
    reason: "error",
    cause: error,
  });
}
