/** `GET /internal/world/{realm}/events/{event_id}`: why an event gave what it gave. */
import { z } from "zod";
import { Candidate } from "../../shared/contracts/candidate.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { AccountId, Id, IdempotencyKey } from "../../shared/contracts/ids.ts";
import { eventId } from "../../shared/exact/identity.ts";
import { explanationOf } from "../../shared/judgement/explanation.ts";
import { type Api, type ApiContext, RealmPath } from "../api/api-context.ts";
import { Refused, refusals } from "../api/problems.ts";
import type { Row } from "./find-event.ts";
import { type BasedOn, explain } from "./locate-event.ts";
import { sentenceOf, stepsOf } from "./sentences.ts";

const EventPath = z.strictObject({ realm: Id, event_id: z.string().regex(/^[a-z2-7]{26}$/) });
const Points = z.int().min(0).describe("Milli-points");
const Reason = z.string().optional();
const DecisionSummary = z.strictObject({
  validity_status: z.enum(["accepted", "quarantined", "rejected"]),
  reason: Reason,
  normalized_points: Points,
  clipped: z.array(z.strictObject({ by: z.string(), points: Points })),
  factors: z.strictObject({ quality_bp: z.int(), anti_spam_bp: z.int(), fairness_bp: z.int() }),
  steps: z
    .strictObject({
      base: Points,
      after_quality: Points,
      after_anti_spam: Points,
      after_fairness: Points,
      after_caps: Points,
    })
    .optional()
    .describe("Milli-points after each step of the formula"),
  explain: z
    .looseObject({ left: z.looseObject({}) })
    .optional()
    .describe("Levels, means, heat, and in `left` what each cap still leaves"),
  error: z.string().optional(),
  daily_cap_bucket: z.string(),
  ruleset_version: z.int(),
  received_at: z.string(),
  source_seq: z.int(),
});
const Applied = z.union([
  z.strictObject({
    status: z.literal("applied"),
    tick: z.int(),
    points: Points.describe("Milli-points that the faction received"),
    burst: z
      .strictObject({ sum: Points, cap: Points, gain_bp: z.int() })
      .optional()
      .describe("Of the faction in that tick: what it brought, what it could gain, and the gain in force"),
    outcomes: z
      .array(z.looseObject({ kind: z.enum(["flip", "capture"]) }))
      .optional()
      .describe(
        "Where the territory or relic of the action changed hands in that tick: the event, with its `cause`",
      ),
    voided: Points.optional().describe(
      "Milli-points that a game master has taken back; absent where none did",
    ),
  }),
  z.strictObject({ status: z.literal("pending"), earliest_tick: z.int() }),
]);
const Looked = z.strictObject({ from: z.int(), through: z.int(), bodies: z.int() });
const Explained = z.strictObject({
  realm_id: Id,
  event_id: z.string(),
  candidate: z.looseObject({}).describe("As the story engine sent it"),
  verdict: DecisionSummary.describe("The decision that holds"),
  rows: z
    .array(DecisionSummary.extend({ sequence: z.int(), index: z.int(), at: z.string() }))
    .describe("Every decision on it, with its place in EVENTS: quarantined, then released"),
  applied: Applied.optional().describe("What its tick made of it, when it was accepted"),
  sentence: z.strictObject({ en: z.string(), vi: z.string() }).describe("For the player"),
  based_on: z.strictObject({ postgres: z.enum(["used", "away", "absent"]), events: Looked }),
});

const ByKey = z.strictObject({ user_id: AccountId, idempotency_key: IdempotencyKey });

export function explainRoutes(api: Api, parts: ApiContext): void {
  api.get("/internal/world/:realm/events", {
    config: { scope: ["read", "story"] },
    schema: {
      tags: ["events"],
      summary: "The same of the event that a user's key names, for who has no event id",
      params: RealmPath,
      querystring: ByKey,
      response: { 200: Explained, ...refusals(400, 404) },
    },
    handler: ({ params: { realm }, query: { user_id, idempotency_key } }) =>
      explained(realm, eventId(realm, user_id, idempotency_key)),
  });

  api.get("/internal/world/:realm/events/:event_id", {
    config: { scope: ["read", "story"] },
    schema: {
      tags: ["events"],
      summary: "One event from candidate to applied points, with a sentence for its player",
      params: EventPath,
      response: { 200: Explained, ...refusals(400, 404) },
    },
    handler: ({ params: { realm, event_id } }) => explained(realm, event_id),
  });

  async function explained(realm: string, event_id: string): Promise<z.infer<typeof Explained>> {
    parts.assertRealm(realm);
    const found = await explain(parts.bus, parts.archive, realm, event_id);
    if (!("verdict" in found)) throw new Refused(404, notFound(event_id, found.basedOn));
    const { rows, verdict, applied, basedOn } = found;
    return {
      realm_id: realm,
      event_id,
      candidate: candidateIn(verdict),
      verdict: verdictOf(verdict),
      rows: rows.map(({ decision, ...place }: Row) => ({ ...place, ...verdictOf(decision) })),
      ...(applied === undefined ? {} : { applied }),
      sentence: sentenceOf(verdict, applied),
      based_on: basedOn,
    };
  }
}

const candidateIn = (decision: Decision) =>
  Object.fromEntries(Object.entries(decision).filter(([field]) => Object.hasOwn(Candidate.shape, field)));

function verdictOf(decision: Decision): z.infer<typeof DecisionSummary> {
  const { reason, heat } = decision;
  const explanation = explanationOf(decision);
  const steps = stepsOf(decision);
  return {
    validity_status: decision.validity_status,
    ...(reason === undefined ? {} : { reason }),
    normalized_points: decision.normalized_points,
    clipped: decision.clipped,
    factors: decision.factors,
    ...(steps === undefined ? {} : { steps }),
    ...(explanation === undefined
      ? {}
      : { explain: { ...explanation, ...(heat === undefined ? {} : { heat }) } }),
    ...("error" in decision && decision.error !== undefined ? { error: decision.error } : {}),
    daily_cap_bucket: decision.daily_cap_bucket,
    ruleset_version: decision.ruleset_version,
    received_at: decision.received_at,
    source_seq: decision.source_seq,
  };
}

function notFound(event: string, { postgres, events: { from, through, bodies } }: BasedOn): string {
  const archive = {
    used: "Postgres has no such event",
    away: "Postgres does not answer",
    absent: "no Postgres is configured",
  }[postgres];
  const looked =
    bodies === 0
      ? "EVENTS has no decision"
      : `none of the newest ${bodies} decisions of EVENTS, sequences ${from} to ${through}, is on it`;
  return `no event ${event} is known: ${archive}, and ${looked}`;
}
