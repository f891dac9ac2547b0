/** Routes of a realm's quarantine: open events, the effect of a release, and reviews. */
import { z } from "zod";
import { SOURCES } from "../../shared/contracts/candidate.ts";
import { Note } from "../../shared/contracts/command.ts";
import { QUARANTINE_REASONS, REJECT_REASONS } from "../../shared/contracts/decision.ts";
import { AccountId, Id, IdempotencyKey } from "../../shared/contracts/ids.ts";
import { Problem, withinBytes } from "../../shared/contracts/problem.ts";
import type { Quarantine } from "../../shared/quarantine/quarantine.ts";
import { gameMaster } from "../api/actor.ts";
import { type Api, type ApiContext, RealmPath } from "../api/api-context.ts";
import { KeyHeader, takeHeaderKey } from "../api/idempotency.ts";
import { problemOf, Refused, refusals } from "../api/problems.ts";
import { countsOf, GROUPINGS, groupsOf, itemOf, matching } from "./list.ts";
import { effectOf } from "./release-effect.ts";
import { Reviews, type ReviewVerdict, unknownEvent } from "./reviews.ts";

/** Reviews in one request. */
const MAX_REVIEWS = 1_000;

const EventId = z.string().regex(/^[a-z2-7]{26}$/);
const Reason = z.enum(QUARANTINE_REASONS);
const Count = z.int().min(0);
const Points = z.int().min(0).describe("Milli-points");
const Clipped = z.array(
  z.strictObject({ by: z.enum(["source", "user_day", "device_day", "faction_burst"]), points: Points }),
);
const Factors = z.strictObject({ quality_bp: z.int(), anti_spam_bp: z.int(), fairness_bp: z.int() });

const filter = {
  reason: Reason.optional(),
  user: AccountId.optional(),
  device: z
    .union([AccountId, z.literal("")])
    .optional()
    .describe("Empty: events that name no device"),
  fingerprint: z.string().max(256).optional().describe("As an item shows it"),
};
const ListQuery = z.strictObject({
  ...filter,
  older_than_s: z.coerce.number().pipe(Count).optional(),
  group: z.enum(GROUPINGS).optional().describe("Answers groups instead of items, the largest first"),
  limit: z.coerce.number().pipe(z.int().min(1).max(1_000)).default(100),
  after: z.coerce.number().pipe(Count).optional().describe("`next` of the page before"),
});

const ByReason = z.partialRecord(Reason, Count);
const Counts = z.strictObject({ open: Count, oldest_age_s: Count, by_reason: ByReason });
const Item = z.strictObject({
  event_id: EventId,
  reason: Reason,
  error: z.string().optional(),
  received_at: z.string(),
  age_s: Count,
  user_id: AccountId,
  device_id: AccountId.optional(),
  session_id: AccountId.optional(),
  faction_id: Id,
  source: z.enum(SOURCES),
  event_type: z.string(),
  territory_id: Id.optional(),
  relic_id: Id.optional(),
  action_key: z.string(),
  category: z.string(),
  base_points: z.int(),
  fingerprint: z.string(),
  factors: Factors,
  heat: z.record(z.string(), z.int()).optional().describe("Hits that each key had not yet cooled off"),
  source_seq: z.int(),
});
const Group = z.strictObject({ key: z.string(), count: Count, oldest_age_s: Count, by_reason: ByReason });
const Listed = z.strictObject({
  realm_id: Id,
  counts: Counts.describe("Of everything that is open"),
  matching: Count.describe("Of what the filter takes"),
  items: z.array(Item).optional(),
  groups: z.array(Group).optional(),
  next: z.int().optional().describe("There is more: ask with it as `after`"),
});

const EventPath = z.strictObject({ realm: Id, event_id: EventId });
const Effect = z.strictObject({
  refusal: z.enum(REJECT_REASONS).optional().describe("Why a release would be refused now"),
  points_after_caps: Points,
  points_before_caps: Points,
  clipped: Clipped,
  left: z.strictObject({ source: Points, user_day: Points, device_day: Points.optional() }),
  daily_cap_bucket: z.string().describe("The day whose caps it would count against"),
  at: z.string(),
  as_of: z
    .strictObject({ sequence: z.int(), at: z.string() })
    .describe("The accepted events of EVENTS up to here are counted"),
});
const Shown = Item.extend({
  decision: z.looseObject({}).describe("As `events.quarantined` has it"),
  effect: Effect.describe(
    "What a release would give now, if nothing else of this user and device comes first",
  ),
});

const Claimed = AccountId.optional().describe(
  "The server writes it: the token's name. Another one is a 403, but with local mode's token",
);
const ReviewBody = z.strictObject({
  actor: Claimed,
  note: Note.optional(),
  idempotency_key: IdempotencyKey.optional().describe("Absent: derived from event, verdict and actor"),
});
const Reviewed = z.strictObject({
  event_id: EventId,
  status: z.enum(["released", "rejected"]),
  points: Points.optional().describe("Milli-points that a release gave, after the caps"),
  clipped: Clipped.optional(),
  earliest_tick: z.int().optional().describe("The earliest tick that can count a release"),
});

const BulkBody = z
  .strictObject({
    verdict: z.enum(["release", "reject"]),
    event_ids: z.array(z.string().max(64)).min(1).optional(),
    filter: z
      .strictObject(filter)
      .refine((given) => Object.values(given).some((value) => value !== undefined), "needs a field")
      .optional()
      .describe("The oldest 1 000 that match"),
    actor: Claimed,
    note: Note.optional(),
  })
  .refine(({ event_ids, filter }) => (event_ids === undefined) !== (filter === undefined), {
    path: ["event_ids"],
    message: "needs either event_ids or a filter",
  });
const BulkResult = z.union([
  Reviewed,
  z.strictObject({ event_id: z.string(), status: z.literal("refused"), problem: Problem.optional() }),
]);
type BulkResult = z.infer<typeof BulkResult>;
const BulkReviewed = z.strictObject({
  results: z.array(BulkResult).describe("In the order of `event_ids`, or oldest first"),
  remaining: Count.describe("What the filter takes beyond the first 1 000"),
});

const PATH = "/internal/world/:realm/quarantine";
const tags = ["quarantine"];

export function quarantineRoutes(api: Api, parts: ApiContext): void {
  const { bus, log, quarantines } = parts;
  const reviews = new Reviews(parts, quarantines);

  api.get(PATH, {
    config: { scope: "review" },
    schema: {
      tags,
      summary: "What waits for a review, oldest first, or in groups",
      params: RealmPath,
      querystring: ListQuery,
      response: { 200: Listed, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm }, query }) => {
      const quarantine = await quarantineOf(realm);
      const nowMs = Date.now();
      const { group, limit, after = 0, ...wanted } = query;
      const found = matching(quarantine, wanted, nowMs);
      const counts = countsOf([...quarantine.open.values()], nowMs);
      const answer = { realm_id: realm, counts, matching: found.length };
      if (group !== undefined) return { ...answer, groups: groupsOf(found, group, nowMs).slice(0, limit) };
      const rest = found.filter(({ source_seq }) => source_seq > after);
      const page = rest.slice(0, limit);
      return {
        ...answer,
        items: page.map((decision) => itemOf(decision, nowMs)),
        ...(page.length < rest.length ? { next: page.at(-1)!.source_seq } : {}),
      };
    },
  });

  api.get(`${PATH}/:event_id`, {
    config: { scope: "review" },
    schema: {
      tags,
      summary: "One event that waits for a review, with what a release would give",
      params: EventPath,
      response: { 200: Shown, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm, event_id } }) => {
      const { open, admission, ruleset } = await quarantineOf(realm);
      const decision = open.get(event_id);
      if (decision === undefined || ruleset === undefined)
        throw new Refused(404, `no event ${event_id} is in quarantine now`);
      const nowMs = Date.now();
      const effect = await effectOf(bus, realm, decision, { admission, ruleset }, nowMs);
      return { ...itemOf(decision, nowMs), decision: { ...decision }, effect };
    },
  });

  const verdicts: Record<ReviewVerdict, string> = {
    release: "Releases an event: it counts in the next tick, against the caps of today",
    reject: "Rejects an event for good",
  };
  for (const [verdict, summary] of Object.entries(verdicts) as [ReviewVerdict, string][])
    api.post(`${PATH}/:event_id/${verdict}`, {
      config: { scope: "review" },
      schema: {
        tags,
        summary: `${summary}. The first review wins`,
        params: EventPath,
        headers: KeyHeader,
        body: ReviewBody,
        response: { 200: Reviewed, ...refusals(400, 404, 409, 415, 422, 429) },
      },
      preValidation: takeHeaderKey,
      handler: async ({ params: { realm, event_id }, body, caller }) => {
        parts.assertRealm(realm);
        const actor = gameMaster(caller, body.actor).id;
        return reviews.review(realm, { event_id, verdict, ...body, actor });
      },
    });

  api.post(`${PATH}/bulk`, {
    config: { scope: "review" },
    bodyLimit: 128 * 1024,
    schema: {
      tags,
      summary: "Reviews up to 1 000 events; each is answered as it would be alone",
      params: RealmPath,
      body: BulkBody,
      response: { 200: BulkReviewed, ...refusals(400, 404, 413, 415) },
    },
    handler: async ({ params: { realm }, body, caller }) => {
      const { verdict, note, event_ids, filter = {} } = body;
      const actor = gameMaster(caller, body.actor).id;
      const quarantine = await quarantineOf(realm);
      const wanted = event_ids ?? matching(quarantine, filter, Date.now()).map(({ event_id }) => event_id);
      if (event_ids !== undefined && event_ids.length > MAX_REVIEWS)
        throw new Refused(413, `at most ${MAX_REVIEWS} reviews at once`);
      const one = async (event_id: string): Promise<BulkResult> => {
        try {
          if (!EventId.safeParse(event_id).success) throw unknownEvent(event_id);
          return await reviews.review(realm, { event_id, verdict, actor, note }, quarantine);
        } catch (error) {
          return { event_id, status: "refused", problem: problemOf(error, log) };
        }
      };
      const results = await Promise.all(wanted.slice(0, MAX_REVIEWS).map(one));
      return { results: withinBytes(results), remaining: Math.max(0, wanted.length - MAX_REVIEWS) };
    },
  });

  async function quarantineOf(realm: string): Promise<Quarantine> {
    parts.assertRealm(realm);
    return quarantines.upToDate(realm);
  }
}
