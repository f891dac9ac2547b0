/**
 * A decision in a sentence that a support person can send to a player: "why 81 and not 122?". It follows from the decision and
 * from what its tick made of it, and from nothing else. Pure.
 */
import type { Accepted, Decision } from "../../shared/contracts/decision.ts";
import { mul } from "../../shared/exact/integers.ts";
import { type Explanation, explanationOf } from "../../shared/judgement/explanation.ts";
import {
  type InEachLanguage,
  inEachLanguage,
  inPoints,
  inTenthsOfPercent,
  type Language,
  listed,
  message,
} from "../../shared/texts/messages.ts";
import type { PlaceOutcome } from "./place-outcomes.ts";

/** The effect of a tick on an accepted event: milli-points, their gain, and the faction's burst cap. */
export type Applied =
  | {
      status: "applied";
      tick: number;
      points: number;
      /** Absent where the tick's record is not at hand, or its rules no longer knew the faction. */
      burst?: { sum: number; cap: number; gain_bp: number };
      /** Absent where the place of the action, if it had one, kept its holder. */
      outcomes?: PlaceOutcome[];
      /** What a game master has taken back of it, milli-points; absent where none did. */
      voided?: number;
    }
  | { status: "pending"; earliest_tick: number };

/** Milli-points after each step of the formula. Absent where the decision doesn't say what it began with. */
export type Steps = {
  base: number;
  after_quality: number;
  after_anti_spam: number;
  after_fairness: number;
  /** Zero while it is not accepted. */
  after_caps: number;
};

export function stepsOf(decision: Decision): Steps | undefined {
  const explanation = explanationOf(decision);
  if (explanation === undefined) return undefined;
  const { base } = explanation;
  const { factors, normalized_points } = decision;
  const after_quality = mul(base, factors.quality_bp);
  const after_anti_spam = mul(after_quality, factors.anti_spam_bp);
  return {
    base,
    after_quality,
    after_anti_spam,
    after_fairness: mul(after_anti_spam, factors.fairness_bp),
    after_caps: normalized_points,
  };
}

/** In each language. */
export const sentenceOf = (decision: Decision, applied?: Applied): InEachLanguage =>
  inEachLanguage((language) => sentenceIn(language, decision, applied));

function sentenceIn(language: Language, decision: Decision, applied: Applied | undefined): string {
  switch (decision.validity_status) {
    case "accepted":
      return [
        acceptedIn(language, decision),
        ...tickIn(language, decision, applied),
        ...voidIn(language, applied),
      ].join(" ");
    case "quarantined":
      return message(language, "explain.waits", {
        why: message(language, `quarantined.${decision.reason}`),
      });
    case "rejected":
      return message(language, "explain.refused", { why: message(language, `rejected.${decision.reason}`) });
    default:
      return decision satisfies never;
  }
}

function acceptedIn(language: Language, decision: Accepted): string {
  const { base_points, clipped, factors, normalized_points, reason } = decision;
  const head = message(language, reason === "released" ? "explain.released" : "explain.brought", {
    points: inPoints(normalized_points),
  });
  const steps = stepsOf(decision);
  const cuts = clipped.map(({ by, points }) =>
    message(language, `explain.cut.${by}`, { points: inPoints(points) }),
  );
  if (steps === undefined) return `${[head, ...cuts].join("; ")}.`;
  const explanation = explanationOf(decision);
  const isMost = steps.base < base_points * 1_000;
  const chain = [
    message(language, isMost ? "explain.base_most" : "explain.base", { base: inPoints(steps.base) }),
  ];
  const step = (factor: number, why: string, after: number) => {
    if (factor === 10_000) return;
    const given = { factor: inTenthsOfPercent(factor), why, after: inPoints(after) };
    chain.push(message(language, "explain.times", given));
  };
  step(factors.quality_bp, message(language, "explain.why.quality"), steps.after_quality);
  const varied = { categories: explanation?.categories ?? 1 };
  const repeats =
    factors.anti_spam_bp < 10_000
      ? message(language, "explain.why.repeated")
      : message(language, "explain.why.varied", varied);
  step(factors.anti_spam_bp, repeats, steps.after_anti_spam);
  step(factors.fairness_bp, fairnessIn(language, decision, explanation), steps.after_fairness);
  return `${head}: ${[chain.join(", "), ...cuts].join("; ")}.`;
}

function fairnessIn(language: Language, { spend_tier = 0 }: Accepted, explanation?: Explanation): string {
  const ahead = explanation !== undefined && explanation.mean > 0 && explanation.recent > explanation.mean;
  const causes = [
    ...(ahead ? [message(language, "explain.why.ahead")] : []),
    ...(spend_tier > 0 ? [message(language, "explain.why.bought")] : []),
  ];
  return causes.length === 0 ? message(language, "explain.why.balance") : listed(language, causes);
}

function voidIn(language: Language, applied: Applied | undefined): string[] {
  if (applied?.status !== "applied" || applied.voided === undefined) return [];
  return [message(language, "explain.voided", { points: inPoints(applied.voided) })];
}

/** The effect of the tick; absent where no points were left to count. */
function tickIn(language: Language, { normalized_points }: Accepted, applied: Applied | undefined): string[] {
  if (applied === undefined || normalized_points === 0) return [];
  if (applied.status === "pending")
    return [message(language, "explain.pending", { tick: applied.earliest_tick })];
  const { tick, burst } = applied;
  const points = inPoints(applied.points);
  const counted = message(language, "explain.counted", { tick, points });
  if (burst === undefined) return [counted];
  const { gain_bp } = burst;
  const gained = gain_bp === 0 ? normalized_points : mul(normalized_points, 10_000 + gain_bp);
  const direction = gain_bp > 0 ? "up" : "down";
  const gain =
    gain_bp === 0 ? [] : [message(language, "explain.gained", { tick, direction, points: inPoints(gained) })];
  if (applied.points >= gained) return [...gain, counted];
  const [sum, cap] = [inPoints(burst.sum), inPoints(burst.cap)];
  return [...gain, message(language, "explain.burst", { tick, points, sum, cap })];
}
