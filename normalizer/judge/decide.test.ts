import { describe, expect, test } from "vitest";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { explanationOf } from "../../shared/judgement/explanation.ts";
import { foldCandidate } from "../core.ts";
import { DeviceState } from "../state/device.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, freshRealm, RULES, START_MS, TIGHT_RULES } from "../testing/builders.ts";
import { poisoned, realmDay } from "./decide.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let seq = 0;
/** Something else each time, so that no fingerprint warms. */
const send = (state: NormalizerState, atMs: number, change: Partial<ValidCandidate> = {}): Decision => {
  seq++;
  return foldCandidate(state, candidate({ atMs, seq }, { stakes: seq % 10_000, ...change }));
};
const reasons = (decisions: Decision[]) => decisions.map(({ reason }) => reason ?? "accepted");
const times = (n: number, of: (i: number) => Decision): Decision[] =>
  Array.from({ length: n }, (_, i) => of(i));

describe("velocity", () => {
  test("six events at once pass, the seventh is looked at, and a minute later one more passes", () => {
    const state = freshRealm(TIGHT_RULES);
    expect(reasons(times(7, () => send(state, START_MS)))).toEqual([
      ...Array(6).fill("accepted"),
      "burst_user",
    ]);
    expect(send(state, START_MS + 2 * MINUTE).reason).toBeUndefined();
  });

  test("twenty at once are the most that is looked at; what is rejected adds no heat", () => {
    const state = freshRealm({
      ...TIGHT_RULES,
      judgement: {
        ...TIGHT_RULES.judgement,
        quarantine: { ...TIGHT_RULES.judgement.quarantine, user_max: 100 },
      },
    });
    const found = reasons(times(30, () => send(state, START_MS)));
    expect(found.slice(6, 20)).toEqual(Array(14).fill("burst_user"));
    expect(found.slice(20)).toEqual(Array(10).fill("velocity_user"));
    expect(send(state, START_MS + MINUTE).reason).toBe("burst_user");
  });

  test("an action every two minutes is never a burst, and a drip after its fortieth heat", () => {
    const state = freshRealm(TIGHT_RULES);
    const found = times(60, (i) => send(state, START_MS + i * 2 * MINUTE + (i % 7) * 5 * SECOND));
    const first = found.findIndex(({ reason }) => reason !== undefined);
    expect(found[first]).toMatchObject({ validity_status: "quarantined", reason: "drip_user" });
    expect(first).toBeGreaterThanOrEqual(40);
  });

  test("a session shared by many bursts as one", () => {
    const state = freshRealm(TIGHT_RULES);
    const found = times(7, (i) =>
      send(state, START_MS, { user_id: `u${i}`, device_id: `d${i}`, session_id: "stolen" }),
    );
    expect(reasons(found)).toEqual([...Array(6).fill("accepted"), "burst_session"]);
  });

  test("a device has twice a user's burst", () => {
    const state = freshRealm({
      ...TIGHT_RULES,
      judgement: { ...TIGHT_RULES.judgement, device_turns: RULES.judgement.device_turns },
    });
    const found = times(13, (i) =>
      send(state, START_MS, { user_id: `u${i}`, device_id: "cafe", session_id: `s${i}` }),
    );
    expect(reasons(found)).toEqual([...Array(12).fill("accepted"), "burst_device"]);
  });

  test("without a device both limits of a user and the day's cap are half", () => {
    const state = freshRealm(TIGHT_RULES);
    const bare = { device_id: undefined as never };
    const found = times(4, () => send(state, START_MS, bare));
    expect(reasons(found)).toEqual(["accepted", "accepted", "accepted", "burst_user"]);
    expect(explanationOf(found[0]!)!.left.user_day + found[0]!.normalized_points).toBe(500_000);
  });
});

describe("patterns", () => {
  test("the same to the last number is looked at the sixth time within six hours", () => {
    const state = freshRealm();
    const same = { stakes: 1_234 };
    const found = times(6, (i) => send(state, START_MS + i * 5 * MINUTE + i * i * SECOND, same));
    expect(reasons(found)).toEqual([...Array(5).fill("accepted"), "fingerprint"]);
  });

  test("eight intervals that differ by less than a fiftieth are a clock's; a person's are not", () => {
    const clock = freshRealm();
    const found = times(9, (i) => send(clock, START_MS + i * 15 * MINUTE + (i % 2) * 5 * SECOND));
    expect(reasons(found)).toEqual([...Array(8).fill("accepted"), "clockwork"]);
    const person = freshRealm();
    const lived = times(9, (i) => send(person, START_MS + i * 15 * MINUTE + (i % 3) * 40 * SECOND));
    expect(reasons(lived)).toEqual(Array(9).fill("accepted"));
  });

  test("sixteen users of a device within 7 days are an internet café, the seventeenth makes it a crowd", () => {
    const state = freshRealm();
    const found = times(17, (i) =>
      send(state, START_MS + i * HOUR, { user_id: `u${i}`, device_id: "cafe", session_id: `s${i}` }),
    );
    expect(reasons(found)).toEqual([...Array(16).fill("accepted"), "device_crowd"]);
    expect(send(state, START_MS + 8 * DAY, { user_id: "u99", device_id: "cafe" }).reason).toBeUndefined();
  });

  test("quarantine has room for ten of a user, and what comes then is rejected", () => {
    const state = freshRealm();
    const same = { stakes: 1_234 };
    const found = times(18, (i) => send(state, START_MS + i * 3 * MINUTE + i * i * SECOND, same));
    expect(reasons(found).filter((reason) => reason === "fingerprint")).toHaveLength(10);
    expect(found.at(-1)).toMatchObject({ validity_status: "rejected", reason: "quarantine_full" });
    expect([state.openTotal, state.open.get("ada")]).toEqual([10, 10]);
  });
});

describe("worth", () => {
  test("repetition decays, variety pays, and what was granted is what the caps no longer have", () => {
    const state = freshRealm();
    const [first, second, third] = [
      send(state, START_MS, { stakes: 6_000 }),
      send(state, START_MS, { stakes: 6_000 }),
      send(state, START_MS, { stakes: 6_000, action_key: "explore.cave", category: "explore" }),
    ];
    expect(first!.normalized_points).toBe(122_000);
    expect(second!.factors.anti_spam_bp).toBe(6_666);
    expect(third!.factors.anti_spam_bp).toBe(10_500);
    const granted = first!.normalized_points + second!.normalized_points + third!.normalized_points;
    expect(explanationOf(third!)!.left).toEqual({
      source: 400_000 - granted,
      user_day: 1_000_000 - granted,
      device_day: 2_000_000 - granted,
    });
  });

  test("the day's cap opens again on the very millisecond of the realm's midnight", () => {
    const state = freshRealm({ ...RULES, caps: { ...RULES.caps, user_day: 100 } });
    const midnight = Date.parse("2026-03-01T17:00:00Z");
    const at = (ms: number) => send(state, ms, { stakes: 6_000 });
    expect(at(midnight - 3)).toMatchObject({ normalized_points: 100_000, daily_cap_bucket: "2026-03-01" });
    expect(at(midnight - 1)).toMatchObject({ normalized_points: 0, daily_cap_bucket: "2026-03-01" });
    const next = at(midnight);
    expect(next.daily_cap_bucket).toBe("2026-03-02");
    expect(next.normalized_points).toBeGreaterThan(0);
  });

  test("a whale of a realm with ten active users earns less for the same from the next day on", () => {
    const state = freshRealm();
    for (let i = 0; i < 10; i++)
      send(state, START_MS + i, { user_id: `u${i}`, base_points: 60, stakes: 9_000 });
    for (let i = 0; i < 6; i++)
      send(state, START_MS + i * HOUR + 1_000, {
        base_points: 400,
        source: "rare_discovery",
        action_key: `a${i}`,
      });
    const next = { user_id: "ada", action_key: "fresh" };
    const whale = send(state, START_MS + 2 * DAY, next);
    const other = send(state, START_MS + 2 * DAY, { ...next, user_id: "u1" });
    expect(explanationOf(whale)!.recent).toBeGreaterThan(3 * explanationOf(whale)!.mean);
    expect(whale.factors.fairness_bp).toBeLessThan(other.factors.fairness_bp);
    expect(other.factors.fairness_bp).toBe(10_000);
  });

  test("a thousand submissions of one user around the cap never pass it by a milli-point", () => {
    const state = freshRealm();
    const sources = ["chapter_outcome", "combat_milestone", "faction_quest", "rare_discovery"] as const;
    let total = 0;
    for (let i = 0; i < 1_000; i++)
      total += send(state, START_MS + i * 13 * SECOND, {
        source: sources[i % 4]!,
        base_points: 400,
        action_key: `act${i % 23}`,
        session_id: undefined as never,
      }).normalized_points;
    expect(total).toBeLessThanOrEqual(1_000_000);
    expect(total).toBeGreaterThan(900_000);
  });
});

test("a user counts in the mean from the event on with which their week comes to the least that counts, on the latest day", () => {
  const { fairness } = RULES.judgement;
  const state = freshRealm({
    ...RULES,
    judgement: { ...RULES.judgement, fairness: { ...fairness, mean_min: 10 } },
  });
  const mean = (atMs: number) => {
    const decision = send(state, atMs, { base_points: 5, stakes: 10_000, significance: 10_000 });
    return decision.validity_status === "accepted" ? decision.mean : "not accepted";
  };
  const day = 24 * HOUR;
  const moves = [0, HOUR, 2 * HOUR, day, day + HOUR, 20 * day].map((ms) => mean(START_MS + ms));
  expect(moves).toEqual([
    undefined,
    { joins: 1 },
    undefined,
    { joins: 1, leaves: "2026-03-01" },
    undefined,
    { leaves: "2026-03-02" },
  ]);
  expect(state.week.days.map(({ users }) => users)).toEqual([0]);
});

test("an event that counts nothing moves its user nowhere: the device's cap was used up by others", () => {
  const state = freshRealm();
  const tablet = new DeviceState();
  tablet.count(realmDay(state, START_MS), RULES.caps.device_day * 1_000);
  state.devices.put("tablet", tablet);
  const nothing = send(state, START_MS, { device_id: "tablet" });
  expect(nothing).toMatchObject({ validity_status: "accepted", normalized_points: 0 });
  expect(nothing).not.toHaveProperty("mean");
});

test("a realm's quarantine holds as many events as its rules say, whoever they are of", () => {
  const burst = (openTotal: number) => {
    const state = freshRealm(TIGHT_RULES);
    state.openTotal = openTotal;
    return times(7, () => send(state, START_MS)).at(-1)!.reason;
  };
  const { realm_max } = TIGHT_RULES.judgement.quarantine;
  expect([burst(realm_max - 1), burst(realm_max)]).toEqual(["burst_user", "quarantine_full"]);
});

test("an event that made the judgement throw has factors that change nothing, and the error", () => {
  const failed = poisoned(freshRealm(), candidate({ atMs: START_MS, seq: 1 }), new Error("boom"));
  expect(failed).toMatchObject({
    factors: { quality_bp: 10_000, anti_spam_bp: 10_000, fairness_bp: 10_000 },
    reason: "stage_error",
  });
});
