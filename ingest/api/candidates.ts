/** `POST /internal/world/impact-candidate`: one candidate, or up to 1 000. */
import { z } from "zod";
import type { Caller } from "../../shared/auth/scopes.ts";
import { Candidate, MAX_CANDIDATE_BYTES, occurredMs } from "../../shared/contracts/candidate.ts";
import { IdempotencyKey } from "../../shared/contracts/ids.ts";
import { Problem, withinBytes } from "../../shared/contracts/problem.ts";
import { eventId } from "../../shared/exact/identity.ts";
import { candidateMsgId, subjects } from "../../shared/stream/subjects.ts";
import { isCandidate } from "../gate/compiled-schema.ts";
import { FUTURE_AFTER_MS, STALE_AFTER_MS } from "../gate/validate.ts";
import { assertMayTouch } from "./access.ts";
import { type Api, type ApiContext, keyConflict } from "./api-context.ts";
import { KeyHeader, takeHeaderKey } from "./idempotency.ts";
import { problemOf, Refused, refusals, schemaRefused, wrongField } from "./problems.ts";

const MAX_ITEMS = 1_000;
/** A candidate is flat; what is nested deeper than this is not looked into. */
const MAX_DEPTH = 8;

/** A candidate whose key the header may supply. */
const Single = z.strictObject({ ...Candidate.shape, idempotency_key: IdempotencyKey.optional() });

const Acknowledged = z.strictObject({
  event_id: z.string(),
  duplicate: z.boolean(),
  /** The earliest tick that can count it. */
  earliest_tick: z.int().min(1),
});
type Acknowledged = z.infer<typeof Acknowledged>;

const Result = Acknowledged.partial().extend({ status: z.int(), problem: Problem.optional() });
type Result = z.infer<typeof Result>;

export function candidateRoutes(api: Api, parts: ApiContext): void {
  const { gateway, ticks, log } = parts;
  api.post("/internal/world/impact-candidate", {
    config: { scope: "publish" },
    bodyLimit: MAX_ITEMS * (MAX_CANDIDATE_BYTES + 2),
    schema: {
      tags: ["candidates"],
      summary: "Sends one candidate, or up to 1 000 that are answered one by one in their order",
      headers: KeyHeader,
      body: z.union([Single, z.array(Candidate).max(MAX_ITEMS)]),
      response: {
        202: Acknowledged.describe("One candidate: it is on disk"),
        200: z
          .strictObject({ results: z.array(Result) })
          .describe(
            "An array: each as it would be answered alone. Problems of one answer have 64 KiB together: beyond, `status` says it",
          ),
        ...refusals(400, 404, 413, 415, 422, 429),
      },
    },
    // The schemas above describe; the compiled check below decides, item by item, in a fraction of the time.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    preValidation: takeHeaderKey,
    handler: async (request, reply) => {
      const body: unknown = request.body;
      if (!Array.isArray(body)) return reply.code(202).send(await submit(body));
      const { caller } = request;
      if (body.length > MAX_ITEMS) throw new Refused(413, `at most ${MAX_ITEMS} candidates at once`);
      return { results: withinBytes(await Promise.all(body.map((item) => submitItem(caller, item)))) };
    },
  });

  async function submitItem(caller: Caller, body: unknown): Promise<Result> {
    try {
      if (isCandidate(body)) assertMayTouch(caller, body.realm_id);
      return { status: 202, ...(await submit(body)) };
    } catch (error) {
      const refusal = problemOf(error, log);
      return { status: refusal.status, problem: refusal };
    }
  }

  /** One candidate, checked as the gate checks it, so that a rejection is answered at once. */
  async function submit(body: unknown): Promise<Acknowledged> {
    if (!isCandidate(body)) throw whatIsWrong(body);
    const data = JSON.stringify(body);
    if (data.length > MAX_CANDIDATE_BYTES) throw tooLarge();
    const { realm_id: realm, user_id, idempotency_key } = body;
    parts.assertOpen(realm);
    assertFresh(body);
    const subject = subjects.rawCandidate(realm);
    const msgId = candidateMsgId(user_id, idempotency_key);
    const submitted = await gateway.submit({ realm, subject, msgId, data });
    if (submitted.kind === "conflict") throw keyConflict();
    return {
      event_id: eventId(realm, user_id, idempotency_key),
      duplicate: submitted.duplicate,
      earliest_tick: await ticks.earliest(realm, submitted.firstAtMs),
    };
  }
}

/** Size before schema, as at the gate. */
function whatIsWrong(body: unknown): Refused {
  if (deeperThan(MAX_DEPTH, body)) return wrongField("", `is nested deeper than ${MAX_DEPTH} levels`);
  if (Buffer.byteLength(JSON.stringify(body) ?? "") > MAX_CANDIDATE_BYTES) return tooLarge();
  return schemaRefused(Candidate.safeParse(body).error!);
}

const deeperThan = (levels: number, value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => deeperThan(levels - 1, inner)));

const tooLarge = () => new Refused(413, `a candidate has at most ${MAX_CANDIDATE_BYTES} bytes`);

function assertFresh(candidate: Candidate): void {
  const aheadMs = occurredMs(candidate) - Date.now();
  if (aheadMs < -STALE_AFTER_MS) throw wrongField("occurred_at", "stale: occurred more than 24 h ago");
  if (!(aheadMs <= FUTURE_AFTER_MS))
    throw wrongField("occurred_at", "future: occurs more than 5 min from now");
}
