/** Asking the provision service, which alone makes streams and buckets. */
import { PROVISION } from "./access.ts";
import type { Bus } from "./bus.ts";
import { type BucketRequest, ProvisionAnswer, type RealmRequest } from "./contracts/provisioning.ts";

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
const BUCKET_TIMEOUT_MS = 5_000;

/** Makes a realm; `created` is false where it was there. Throws `ProvisionRefused`, and what the client throws without an answer. */
export const askForRealm = (bus: Bus, request: RealmRequest): Promise<{ created: boolean }> =>
  ask(bus, PROVISION.realm, request, REALM_TIMEOUT_MS);

/** Makes a bucket again where it is lost. Throws like `askForRealm`. */
export const askForBucket = (bus: Bus, request: BucketRequest): Promise<{ created: boolean }> =>
  ask(bus, PROVISION.bucket, request, BUCKET_TIMEOUT_MS);

async function ask(
  bus: Bus,
  subject: string,
  request: object,
  timeout: number,
): Promise<{ created: boolean }> {
  const reply = await bus.nc.request(subject, JSON.stringify(request), { timeout });
  const answer = ProvisionAnswer.parse(reply.json());
  if ("error" in answer) throw new ProvisionRefused(answer.error.status, answer.error.message);
  return answer;
}
