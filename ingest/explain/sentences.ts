/**
 * A decision in a sentence that a support person can send to a player: "why 81 and not 122?". It follows from the decision and
 * from what its tick made of it, and from nothing else. Pure.
 */
import type {
  Accepted,
  Clip,
  Decision,
  QuarantineReason,
  RejectReason,
} from "../../shared/contracts/decision.ts";
import { mul } from "../../shared/exact/integers.ts";
import { type Explanation, explanationOf } from "../../shared/judgement/explanation.ts";

/** The effect of a tick on an accepted event: milli-points, their gain, and the faction's burst cap. */
export type Applied =
  | {
      status: "applied";
      tick: number;
      points: number;
      /** Absent where the tick's record is not at hand, or its rules no longer knew the faction. */
      burst?: { sum: number; cap: number; gain_bp: number };
    }
  | { status: "pending"; earliest_tick: number };

export type Sentence = { en: string; vi: string };

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

export const sentenceOf = (decision: Decision, applied?: Applied): Sentence => ({
  en: sentenceIn(ENGLISH, decision, applied),
  vi: sentenceIn(VIETNAMESE, decision, applied),
});

function sentenceIn(words: Words, decision: Decision, applied: Applied | undefined): string {
  switch (decision.validity_status) {
    case "accepted":
      return [acceptedIn(words, decision), ...tickIn(words, decision, applied)].join(" ");
    case "quarantined":
      return words.waits(words.quarantined[decision.reason]);
    case "rejected":
      return words.refused(words.rejected[decision.reason]);
    default:
      return decision satisfies never;
  }
}

function acceptedIn(words: Words, decision: Accepted): string {
  const { points, percent } = words;
  const head = words.brought(points(decision.normalized_points), decision.reason === "released");
  const steps = stepsOf(decision);
  const cuts = decision.clipped.map(({ by, points: cut }) => words.cut[by](points(cut)));
  if (steps === undefined) return `${[head, ...cuts].join("; ")}.`;
  const { factors } = decision;
  const explanation = explanationOf(decision);
  const chain = [words.startsWith(points(steps.base), steps.base < decision.base_points * 1_000)];
  const step = (factor: number, why: string, after: number) => {
    if (factor !== 10_000) chain.push(words.times(percent(factor), why, points(after)));
  };
  step(factors.quality_bp, words.quality, steps.after_quality);
  const spam = factors.anti_spam_bp < 10_000 ? words.repeated : words.varied(explanation?.categories ?? 1);
  step(factors.anti_spam_bp, spam, steps.after_anti_spam);
  step(factors.fairness_bp, fairnessIn(words, decision, explanation), steps.after_fairness);
  return `${head}: ${[chain.join(", "), ...cuts].join("; ")}.`;
}

function fairnessIn(words: Words, { spend_tier = 0 }: Accepted, explanation?: Explanation): string {
  const ahead = explanation !== undefined && explanation.mean > 0 && explanation.recent > explanation.mean;
  const causes = [...(ahead ? [words.ahead] : []), ...(spend_tier > 0 ? [words.bought] : [])];
  return causes.length === 0 ? words.balance : causes.join(words.and);
}

/** The effect of the tick; absent where no points were left to count. */
function tickIn(words: Words, { normalized_points }: Accepted, applied: Applied | undefined): string[] {
  if (applied === undefined || normalized_points === 0) return [];
  if (applied.status === "pending") return [words.pending(applied.earliest_tick)];
  const { tick, points, burst } = applied;
  if (burst === undefined) return [words.counted(tick, words.points(points))];
  const gained = burst.gain_bp === 0 ? normalized_points : mul(normalized_points, 10_000 + burst.gain_bp);
  const gain = burst.gain_bp === 0 ? [] : [words.gained(tick, words.points(gained))];
  const rest =
    points < gained
      ? words.burst(tick, words.points(points), words.points(burst.sum), words.points(burst.cap))
      : words.counted(tick, words.points(points));
  return [...gain, rest];
}

type Words = {
  points(milli: number): string;
  percent(bp: number): string;
  and: string;
  brought(points: string, released: boolean): string;
  startsWith(base: string, atMost: boolean): string;
  times(percent: string, why: string, after: string): string;
  quality: string;
  repeated: string;
  varied(categories: number): string;
  ahead: string;
  bought: string;
  balance: string;
  cut: Record<Clip["by"], (points: string) => string>;
  pending(tick: number): string;
  counted(tick: number, points: string): string;
  gained(tick: number, points: string): string;
  burst(tick: number, points: string, sum: string, cap: string): string;
  waits(why: string): string;
  quarantined: Record<QuarantineReason, string>;
  refused(why: string): string;
  rejected: Record<RejectReason, string>;
};

/** A decimal with at most `digits` places, floored, without trailing zeros. */
function decimal(value: number, unit: number, digits: number, point: string): string {
  const whole = Math.floor(value / unit);
  const rest = Math.floor(((value % unit) * 10 ** digits) / unit);
  const places = `${rest}`.padStart(digits, "0").replace(/0+$/, "");
  return places === "" ? `${whole}` : `${whole}${point}${places}`;
}

/** Tenths of a point; thousandths where tenths would say nothing. */
const pointsWith = (point: string) => (milli: number) =>
  decimal(milli, 1_000, milli > 0 && milli < 100 ? 3 : 1, point);

const ENGLISH: Words = {
  points: pointsWith("."),
  percent: (bp) => `${decimal(bp, 100, 2, ".")}%`,
  and: " and ",
  brought: (points, released) =>
    released
      ? `A game master released your action, and it brought ${points} points`
      : `Your action brought ${points} points`,
  startsWith: (base, atMost) =>
    atMost ? `an action of this kind starts with at most ${base}` : `it started with ${base}`,
  times: (percent, why, after) => `${percent} of that ${why} makes ${after}`,
  quality: "for its stakes and its significance",
  repeated: "because it was much like what you had done shortly before",
  varied: (categories) => `because you had played in ${categories} different ways within a day`,
  ahead: "because you had earned more than the average player within seven days",
  bought: "because of the advantages on your account",
  balance: "for the balance among players",
  cut: {
    source: (points) => `your daily limit for this kind of activity left out ${points}`,
    user_day: (points) => `your daily limit left out ${points}`,
    device_day: (points) => `the daily limit of your device left out ${points}`,
    faction_burst: (points) => `your faction's limit left out ${points}`,
  },
  pending: (tick) => `It will count at tick ${tick} at the earliest.`,
  counted: (tick, points) => `At tick ${tick}, ${points} counted for your faction.`,
  gained: (tick, points) => `The effects that held for your faction at tick ${tick} made it ${points}.`,
  burst: (tick, points, sum, cap) =>
    `At tick ${tick} your faction had brought ${sum} and could gain ${cap}, so every contribution was cut in proportion, and ${points} of yours counted.`,
  waits: (why) =>
    `Your action is waiting for a game master to look at it, because ${why}; until then it brings nothing, and there is nothing you need to do.`,
  quarantined: {
    burst_user: "you had acted very often within a few minutes",
    burst_session: "very many actions had come from one session within a few minutes",
    burst_device: "very many actions had come from your device within a few minutes",
    drip_user: "you had acted unusually often within a day",
    drip_device: "unusually many actions had come from your device within a day",
    fingerprint: "exactly the same action had come again and again",
    clockwork: "your actions came at intervals as even as a clock's",
    device_crowd: "very many players were using the same device",
    stage_error: "something failed on our side when it was judged",
  },
  refused: (why) => `Your action did not count, because ${why}.`,
  rejected: {
    realm_closed: "the season had ended",
    unknown_faction: "it named a faction that this realm does not have",
    unknown_territory: "it named a territory that this realm does not have",
    unknown_relic: "it named a relic that this realm does not have",
    unknown_campaign: "it named a campaign that was not running",
    not_a_member: "you had not joined a faction yet",
    faction_mismatch: "it was for another faction than yours",
    duplicate: "it had been received before, and counts only once",
    key_conflict: "another action had been received under the same key",
    velocity_user: "you had acted more often than anyone can",
    velocity_session: "more actions had come from one session than anyone can do",
    velocity_device: "more actions had come from your device than anyone can do",
    quarantine_full: "too many actions were waiting for a game master already",
    review_rejected: "a game master looked at it and rejected it",
    review_expired: "it was on hold and no game master released it in time",
  },
};

const VIETNAMESE: Words = {
  points: pointsWith(","),
  percent: (bp) => `${decimal(bp, 100, 2, ",")}%`,
  and: " và ",
  brought: (points, released) =>
    released
      ? `Quản trò đã duyệt hành động của bạn, và hành động này mang lại ${points} điểm`
      : `Hành động của bạn mang lại ${points} điểm`,
  startsWith: (base, atMost) =>
    atMost ? `hành động loại này khởi điểm tối đa là ${base}` : `điểm khởi đầu là ${base}`,
  times: (percent, why, after) => `nhân ${percent} ${why} được ${after}`,
  quality: "theo mức độ rủi ro và ý nghĩa của hành động",
  repeated: "vì hành động này gần giống việc bạn vừa làm trước đó",
  varied: (categories) => `vì bạn đã chơi theo ${categories} cách khác nhau trong một ngày`,
  ahead: "vì trong bảy ngày qua bạn đã được nhiều điểm hơn mức trung bình",
  bought: "vì tài khoản của bạn có lợi thế riêng",
  balance: "để cân bằng giữa những người chơi",
  cut: {
    source: (points) => `giới hạn trong ngày của loại hoạt động này bớt đi ${points}`,
    user_day: (points) => `giới hạn trong ngày của bạn bớt đi ${points}`,
    device_day: (points) => `giới hạn trong ngày của thiết bị bớt đi ${points}`,
    faction_burst: (points) => `giới hạn của phe bạn bớt đi ${points}`,
  },
  pending: (tick) => `Số điểm này được tính sớm nhất ở lượt ${tick}.`,
  counted: (tick, points) => `Ở lượt ${tick}, phe của bạn được cộng ${points} điểm.`,
  gained: (tick, points) => `Các hiệu ứng của phe bạn ở lượt ${tick} đưa số điểm thành ${points}.`,
  burst: (tick, points, sum, cap) =>
    `Ở lượt ${tick}, phe của bạn góp ${sum} điểm nhưng chỉ được nhận ${cap}, nên mọi đóng góp giảm theo tỉ lệ và ${points} điểm của bạn được tính.`,
  waits: (why) =>
    `Hành động của bạn đang chờ quản trò xem xét, vì ${why}; trong lúc đó hành động chưa mang lại điểm, và bạn không cần làm gì.`,
  quarantined: {
    burst_user: "bạn đã hành động quá nhiều lần trong vài phút",
    burst_session: "có quá nhiều hành động từ cùng một phiên trong vài phút",
    burst_device: "có quá nhiều hành động từ thiết bị của bạn trong vài phút",
    drip_user: "bạn đã hành động nhiều bất thường trong một ngày",
    drip_device: "có nhiều hành động bất thường từ thiết bị của bạn trong một ngày",
    fingerprint: "cùng một hành động y hệt đã lặp lại nhiều lần",
    clockwork: "các hành động của bạn cách nhau đều như đồng hồ",
    device_crowd: "có quá nhiều người chơi dùng chung một thiết bị",
    stage_error: "hệ thống của chúng tôi gặp lỗi khi xét hành động này",
  },
  refused: (why) => `Hành động của bạn không được tính, vì ${why}.`,
  rejected: {
    realm_closed: "mùa giải đã kết thúc",
    unknown_faction: "hành động nêu một phe không có trong thế giới này",
    unknown_territory: "hành động nêu một vùng đất không có trong thế giới này",
    unknown_relic: "hành động nêu một thánh vật không có trong thế giới này",
    unknown_campaign: "hành động nêu một chiến dịch không diễn ra",
    not_a_member: "bạn chưa gia nhập phe nào",
    faction_mismatch: "hành động này dành cho phe khác, không phải phe của bạn",
    duplicate: "hành động này đã được nhận trước đó và chỉ được tính một lần",
    key_conflict: "một hành động khác đã được nhận với cùng một khóa",
    velocity_user: "bạn đã hành động nhiều hơn mức một người có thể làm",
    velocity_session: "một phiên đã gửi nhiều hành động hơn mức một người có thể làm",
    velocity_device: "thiết bị của bạn đã gửi nhiều hành động hơn mức một người có thể làm",
    quarantine_full: "đã có quá nhiều hành động đang chờ quản trò",
    review_rejected: "quản trò đã xem xét và từ chối hành động này",
    review_expired: "hành động bị tạm giữ và không được quản trò duyệt kịp thời hạn",
  },
};
