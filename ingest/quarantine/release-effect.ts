/**
 * What a release would give: the formula of a release, over what KV has of the day's counters and everything that EVENTS
 * accepted since. It holds as long as nothing else of this user and device is accepted in between.
 */

import type { Clip, Quarantined, RejectReason } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Admission } from "../../shared/judgement/admission.ts";
import { clip, type Left, leftToday } from "../../shared/judgement/caps.ts";
import { dayName, dayOf } from "../../shared/judgement/day.ts";
import { usedOn } from "../../shared/judgement/day-counters.ts";
import { meanPoints, recentPoints, rollingBp, weekBefore } from "../../shared/judgement/fairness.ts";
import { baseMilli, pointsMilli } from "../../shared/judgement/points-formula.ts";
import { refusalReason } from "../../shared/judgement/refusal.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { countersOf } from "../players/counters.ts";

/** Milli-points. */
export type Effect = {
  /** Why the release would be refused now; the points are what it would give if it weren't. */
  refusal?: RejectReason;
  points_after_caps: number;
  points_before_caps: number;
  clipped: Clip[];
  /** What the caps would leave after it. */
  left: Left;
  /** The day whose caps it would count against. */
  daily_cap_bucket: string;
  at: string;
  /** The accepted events up to here are counted. */
  as_of: { sequence: number; at: string };
};

/** Throws `Unavailable` where too much would have to be read, and where a later release wrote the counters. */
export async function effectOf(
  bus: Bus,
  realm: string,
  decision: Quarantined,
  { admission, ruleset }: { admission: Admission; ruleset: Ruleset },
  nowMs: number,
): Promise<Effect> {
  const today = dayOf(nowMs, ruleset.day_offset_minutes);
  const counted = await countersOf(bus, realm, decision, today);
  // A day never goes back, whatever a new ruleset says of its offset.
  const day = Math.max(today, counted.week.day);
  const { fairness } = ruleset.judgement;
  const used = {
    ...usedOn(counted.user.today, day, decision.source),
    device: counted.device.today.day === day ? counted.device.today.points : 0,
    rolling: rollingBp(
      {
        recent: recentPoints(counted.user.days, day),
        mean: meanPoints(weekBefore(counted.week, day), fairness),
      },
      fairness,
    ),
  };
  const left = leftToday(used, decision, ruleset);
  const points_before_caps = pointsMilli(baseMilli(decision, ruleset), decision.factors);
  const { points, clipped } = clip(points_before_caps, left);
  for (const by of ["source", "user_day", "device_day"] as const)
    if (left[by] !== undefined) left[by] -= points;
  const refusal = refusalReason({ ...admission, ruleset }, counted.member, decision, nowMs);
  return {
    ...(refusal === undefined ? {} : { refusal }),
    points_after_caps: points,
    points_before_caps,
    clipped,
    left,
    daily_cap_bucket: dayName(day),
    at: new Date(nowMs).toISOString(),
    as_of: counted.asOf,
  };
}
