/** Asking the provision service, which alone makes streams and buckets. */
import { z } from "zod";
import {
  type BucketRequest,
  Ending,
  type EndRequest,
  Failed,
  Made,
  Purged,
  type PurgeRequest,
  type RealmRequest,
} from "../contracts/provisioning.ts";
import { PROVISION } from "../stream/access.ts";
import type { Bus } from "../stream/bus.ts";

/** The service said no. `status`: as an HTTP answer would have it. */
export class ProvisionRefused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A realm is four streams and some twenty writes, each with a deadline of its own. */
const REALM_TIMEOUT_MS = 20_000;
const SHORT_TIMEOUT_MS = 5_000;

/** Makes a realm; `created` is false where it was there. Throws `ProvisionRefused`, and what the client throws without an answer. */
export const askForRealm = (bus: Bus, request: RealmRequest): Promise<{ created: boolean }> =>
  ask(bus, PROVISION.realm, request, REALM_TIMEOUT_MS, Made);

/** Makes a bucket again where it is lost. Throws like `askForRealm`. */
export const askForBucket = (bus: Bus, request: BucketRequest): Promise<{ created: boolean }> =>
  ask(bus, PROVISION.bucket, request, SHORT_TIMEOUT_MS, Made);

/** Purges RAW behind a position; `purged` messages went. Throws like `askForRealm`. */
export const askForPurge = (bus: Bus, request: PurgeRequest): Promise<{ purged: number }> =>
  ask(bus, PROVISION.purge, request, SHORT_TIMEOUT_MS, Purged);

/** Ends a realm for good, as far as that goes now. Throws like `askForRealm`. */
export const askForEnd = (bus: Bus, request: EndRequest): Promise<Ending> =>
  ask(bus, PROVISION.end, request, REALM_TIMEOUT_MS, Ending);

async function ask<Answer>(
  bus: Bus,
  subject: string,
  request: object,
  timeout: number,
  done: z.ZodType<Answer>,
): Promise<Answer> {
  const reply = await bus.nc.request(subject, JSON.stringify(request), { timeout });
  const answer = z.union([Failed, done]).parse(reply.json());
  if (isFailure(answer)) throw new ProvisionRefused(answer.error.status, answer.error.message);
  return answer;
}

const isFailure = (answer: unknown): answer is Failed =>
  typeof answer === "object" && answer !== null && "error" in answer;
