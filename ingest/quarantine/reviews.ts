/** Reviews of quarantined events: sent as commands through RAW, answered when the normalizer has decided them. */

import { Command } from "../../shared/contracts/command.ts";
import type { Accepted, Clip } from "../../shared/contracts/decision.ts";
import { fieldProblems } from "../../shared/contracts/problem.ts";
import { commandId } from "../../shared/exact/identity.ts";
import { metrics } from "../../shared/process/metrics.ts";
import type { Quarantine, ReviewResult } from "../../shared/quarantine/quarantine.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { nextOf } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { type ApiContext, keyConflict } from "../api/api-context.ts";
import { Refused } from "../api/problems.ts";
import { assertRuns } from "../gateway/assert-runs.ts";
import { Unavailable } from "../gateway/gateway.ts";
import type { QuarantineFollowers } from "./followers.ts";

export type ReviewVerdict = "release" | "reject";
export type Review = {
  event_id: string;
  verdict: ReviewVerdict;
  /** The game master's id. */
  actor: string;
  note?: string | undefined;
  idempotency_key?: string | undefined;
};

/** Points in milli-points, after the caps of the day of the release. */
export type Reviewed =
  | { event_id: string; status: "released"; points: number; clipped: Clip[]; earliest_tick: number }
  | { event_id: string; status: "rejected" };

/** The normalizer decides within this, ms, or the reviewer asks again with the same key. */
const DECIDED_WITHIN_MS = 10_000;

const KIND = { release: "review.release", reject: "review.reject" } as const;

export class Reviews {
  readonly #parts: ApiContext;
  readonly #quarantines: QuarantineFollowers;

  constructor(parts: ApiContext, quarantines: QuarantineFollowers) {
    this.#parts = parts;
    this.#quarantines = quarantines;
  }

  /**
   * Reviews one event; `quarantine` is the realm's, where the caller has it up to date. The same review by the same person
   * again is answered as before. Throws problems: 404 where there is no
   * such event, 409 where somebody else was first or the realm's rules forbid it, 422 for a key that was used for something
   * else; and `Unavailable`.
   */
  async review(realm: string, review: Review, quarantine?: Quarantine): Promise<Reviewed> {
    try {
      const known = quarantine ?? (await this.#quarantines.upToDate(realm));
      return await this.#review(realm, review, known);
    } catch (error) {
      if (error instanceof Refused) metrics.reviews.inc({ realm, verdict: "refused" });
      throw error;
    }
  }

  async #review(realm: string, review: Review, quarantine: Quarantine): Promise<Reviewed> {
    const { event_id, verdict, actor } = review;
    const { open, closed, outcomes } = quarantine;
    const by = { type: "gm", id: actor } as const;
    const key = review.idempotency_key ?? keyOf(realm, review, quarantine);
    const command_id = commandId(realm, by, key);
    const known = outcomes.get(command_id);
    if (known !== undefined) return this.#answer(realm, review, known);

    const decision = open.get(event_id);
    if (decision === undefined) {
      const earlier = closed.get(event_id);
      throw earlier === undefined ? unknownEvent(event_id) : alreadyReviewed(earlier);
    }
    const command: Command = {
      v: 1,
      idempotency_key: key,
      realm_id: realm,
      kind: KIND[verdict],
      actor: by,
      payload: { event: event_id, ...(review.note === undefined ? {} : { note: review.note }), decision },
    };
    assertPasses(command);
    await assertRuns(this.#parts.bus, realm, ["ingest", "normalizer"]);
    await this.#parts.submitCommand(command);
    const outcome = await this.#quarantines.of(realm).outcomeOf(command_id, DECIDED_WITHIN_MS);
    if (outcome === undefined)
      throw new Unavailable(
        "the review was sent but is not decided yet: repeat the request with the same key",
      );
    const reviewed = await this.#answer(realm, review, outcome);
    metrics.reviews.inc({ realm, verdict: reviewed.status });
    return reviewed;
  }

  async #answer(realm: string, { event_id, verdict }: Review, outcome: ReviewResult): Promise<Reviewed> {
    if (outcome.event !== event_id || outcome.kind !== KIND[verdict]) throw keyConflict();
    if (outcome.status !== "applied") {
      const { closed } = await this.#quarantines.upToDate(realm);
      throw refusalOf(outcome, closed.get(event_id));
    }
    if (verdict === "reject") return { event_id, status: "rejected" };
    const [released, earliest_tick] = await Promise.all([
      this.#released(realm, event_id, outcome.seq),
      this.#parts.ticks.earliest(realm),
    ]);
    const { normalized_points: points, clipped } = released;
    return { event_id, status: "released", points, clipped, earliest_tick };
  }

  /** The decision that a release brought: in the same batch, right after the command. */
  async #released(realm: string, event: string, commandSeq: number): Promise<Accepted> {
    const bundle = await nextOf(
      this.#parts.bus,
      eventsStream(realm),
      subjects.accepted(realm),
      commandSeq + 1,
    );
    const found = bodiesOf<Accepted>(bundle?.data ?? new Uint8Array([0x5b, 0x5d])).find(
      ({ event_id, reason }) => event_id === event && reason === "released",
    );
    if (found === undefined)
      throw new Error(`no decision follows the release of ${event} at ${commandSeq} of EVENTS`);
    return found;
  }
}

/**
 * The key of a review that brings none: derived from the event, the verdict and the person. While the event stays open, what
 * was refused before is no last word, so asking again is another request.
 */
function keyOf(realm: string, { verdict, event_id, actor }: Review, { open, outcomes }: Quarantine): string {
  const first = `review.${verdict}.${event_id}.${actor}`;
  const isKnown = (key: string) => outcomes.has(commandId(realm, { type: "gm", id: actor }, key));
  let key = first;
  for (let n = 2; open.has(event_id) && isKnown(key); n++) key = `${first}.${n}`;
  return key;
}

/** The gate's rejections never reach a decision, so they are refused here. Throws a 400. */
function assertPasses(command: Command): void {
  const checked = Command.safeParse(command);
  if (checked.success) return;
  const errors = fieldProblems(checked.error).map(({ path, message }) => ({
    path: path.replace(/^payload\./, ""),
    message,
  }));
  throw new Refused(400, `${errors[0]!.path}: ${errors[0]!.message}`, errors);
}

/** A 409 whose `errors` name the reason, for programs. */
const conflict = (reason: string, detail: string): Refused =>
  new Refused(409, `${reason}: ${detail}`, [{ path: "event_id", message: reason }]);

export const unknownEvent = (event: string): Refused =>
  new Refused(404, `no event ${event} is in quarantine, or was within the time that reviews are remembered`);

function alreadyReviewed({ kind, actor, received_at }: ReviewResult): Refused {
  const done = kind === "review.release" ? "released" : "rejected";
  return conflict("already_reviewed", `it was ${done} by ${actor.type} ${actor.id} at ${received_at}`);
}

function refusalOf({ event, reason = "refused" }: ReviewResult, earlier: ReviewResult | undefined): Refused {
  if (reason === "already_reviewed" && earlier !== undefined) return alreadyReviewed(earlier);
  if (reason === "unknown_event") return unknownEvent(event);
  if (reason === "duplicate") return keyConflict(); // Of a command that was no review.
  return conflict(reason, "the realm's rules refused the review");
}
