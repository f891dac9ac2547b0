import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { Notice, type NoticeItem } from "../../shared/contracts/notice.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { DerivedEvent, Rosters } from "../../shared/contracts/world.ts";
import { canonical, canonicalHash } from "../../shared/exact/canonical.ts";
import { accepted, type Interval, play, started } from "../testing/builders.ts";
import type { TickResult } from "../tick-result.ts";
import { ROSTER_USERS } from "./roster.ts";

const CASES = runs(2_000);
/** Some 5 s each, and the machine may be busy. */
const PATIENCE_MS = 240_000;

/** A land where much happens within a few ticks, between some ten users. */
const rulesWith = (burst: number): Ruleset =>
  Ruleset.parse({
    engine: 2,
    tick_seconds: 900,
    day_offset_minutes: 420,
    season_length_ticks: 5_376,
    membership: "open",
    factions: { constructor: { name: "Builders" }, empire: { name: "Empire" }, zenith: { name: "Zenith" } },
    resources: [],
    territories: {
      gate: land({ constructor: 4_000, empire: 6_000 }, "empire", ["marsh"]),
      marsh: land({ constructor: 3_400, empire: 3_300, zenith: 3_300 }, undefined, ["gate"]),
    },
    relics: { bell: { name: "Bell", territory: "marsh" } },
    base_maximum: {
      chapter_outcome: 200,
      combat_milestone: 120,
      faction_quest: 250,
      rare_discovery: 400,
      campaign_participation: 150,
    },
    caps: { user_day: 1_000 },
    influence: {
      prior: 2_000,
      decay_bp: 10,
      burst_rate_bp: 10,
      burst_min: burst,
      burst_max: 500_000,
    },
    contest: {
      user_push: 60,
      share_weight_bp: 30_000,
      adjacent_weight_bp: 400,
      adjacent_weight_max_bp: 1_200,
      defender_weight_bp: 500,
      overextension_bp: 600,
      weight_min_bp: 600,
      weight_max_bp: 20_000,
      quiet_score: 10,
      rate_max_bp: 6_000,
      half_score: 20,
      clamp_bp: 1_200,
      instability_contest_bp: 300,
      instability_flip_bp: 1_500,
      instability_decay_bp: 300,
      flip_lead_bp: 50,
      flip_streak_ticks: 1,
      flip_gap_ticks: 1,
      open_control_bp: 3_400,
      contested_bp: 5_000,
    },
    meters: {
      instability_weight_bp: 7_000,
      tension_fall_bp: 1_000,
      tension_rise_bp: 2_000,
      catastrophe_from_bp: 500,
      catastrophe_rate_bp: 800,
      catastrophe_flip_bp: 600,
      catastrophe_relic_bp: 400,
      catastrophe_calm_bp: 100,
    },
    stock: { decay_bp: 20, max: 10_000 },
    claims: {
      decay_bp: 500,
      rival: 3,
      capture: 200,
      control_bp: 3_000,
      gap_ticks: 10,
      holder_push_weight_bp: 300,
    },
    chain: { goal: 500, min_contributors: 3 },
    triggers: [
      trigger("rise", { gt: ["faction.empire.share_bp", 3_400] }),
      trigger("unrest", { gt: ["meter.tension", 500] }),
      trigger("hold", { gt: ["control.gate.constructor", 4_500] }),
    ],
  });
const CUTTING = rulesWith(60);
const AMPLE = rulesWith(6_000);

function land(control: Record<string, number>, controller: string | undefined, adjacent: string[]) {
  const held = controller === undefined ? {} : { controller };
  return { name: "Land", strategic_value: 1, adjacent, control, ...held, yields: {} };
}

function trigger(key: string, when: object) {
  // The first one calls everybody to a campaign.
  const effects = [
    key === "rise" ? { do: "chain", id: "call", ticks: 3 } : { do: "style", id: `${key}-style`, ticks: 1 },
  ];
  return { key, when, sustain: 1, cooldown: 0, rearm: "auto", priority: 1, effects };
}

const USERS = Array.from({ length: 10 }, (_, i) => `user-${i}`).concat("constructor", "7");

const event = fc
  .record({
    faction_id: fc.constantFrom("constructor", "empire", "zenith"),
    user_id: fc.constantFrom(...USERS),
    normalized_points: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 120_000 })),
    event_type: fc.constantFrom(
      "territory_push" as const,
      "territory_push" as const,
      "relic_claim" as const,
      "influence_gain" as const,
    ),
    place: fc.constantFrom("gate", "marsh"),
    campaign: fc.constantFrom(
      {},
      { campaign_id: "call" },
      { campaign_id: "call", campaign_first: 1 as const },
    ),
  })
  .map(({ place, campaign, ...over }) =>
    accepted({ ...over, ...campaign, ...PLACE[over.event_type](place) }),
  );
const PLACE = {
  territory_push: (territory_id: string) => ({ territory_id }),
  relic_claim: () => ({ relic_id: "bell" }),
  influence_gain: () => ({}),
};

type History = { rules: Ruleset; intervals: Interval[] };
const histories: fc.Arbitrary<History> = fc.record({
  /** A cap that cuts now and then, and one that never does. */
  rules: fc.constantFrom(CUTTING, AMPLE),
  intervals: fc.array(
    fc.array(event, { maxLength: 10 }).map((events) => ({
      events: events.map((each, i) => ({ ...each, event_id: `event-${i}` })),
    })),
    { minLength: 1, maxLength: 3 },
  ),
});
const STARTED = new Map([CUTTING, AMPLE].map((rules) => [rules, started(rules)]));
const live = ({ rules, intervals }: History) => play(STARTED.get(rules)!, intervals);

const eventOf = (item: NoticeItem, events: readonly DerivedEvent[]) =>
  events.find(
    (each) =>
      (each.kind === "flip" &&
        item.kind === "flip" &&
        each.territory === item.territory &&
        each.to === item.to) ||
      (each.kind === "capture" &&
        item.kind === "capture" &&
        each.relic === item.relic &&
        each.faction === item.faction) ||
      (each.kind === "campaign" &&
        item.kind === "campaign" &&
        each.id === item.campaign &&
        each.stage === item.stage) ||
      (each.kind === "trigger" && item.kind === "trigger" && each.key === item.key),
  );

test("a notice names who acted for what happened, at most three things each, and what is told is what the hash says", {
  timeout: PATIENCE_MS,
}, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(histories, (history) => {
      const acted = new Set<string>();
      for (const [i, { notices, record, state }] of live(history).entries()) {
        for (const { user_id, normalized_points } of history.intervals[i]!.events!)
          if (normalized_points > 0) acted.add(user_id);
        for (const notice of notices) {
          expect(Notice.safeParse(notice).error?.issues).toBeUndefined();
          expect(acted).toContain(notice.user);
          expect(new Set(notice.items.map(({ id }) => id)).size).toBe(notice.items.length);
          for (const item of notice.items) {
            seen.add(`${item.kind} ${item.role}`);
            if (item.kind === "clip") expect(item.applied * 2).toBeLessThanOrEqual(item.brought);
            else expect(eventOf(item, record.events)).toBeDefined();
          }
        }
        const users = notices.map(({ user }) => user);
        expect(users).toEqual([...new Set(users)].sort());
        expect(state.private.notices_hash).toBe(notices.length === 0 ? undefined : canonicalHash(notices));
        holdRosters(state.private.rosters ?? { territories: {}, relics: {} }, record.events);
      }
    }),
    { numRuns: CASES },
  );
  const roles = (kind: string) => ["contributor", "major", "pivotal"].map((role) => `${kind} ${role}`);
  expect([...seen].sort()).toEqual(
    expect.arrayContaining([
      ...roles("flip"),
      ...roles("trigger"),
      ...roles("campaign"),
      "capture major",
      "capture pivotal",
      "clip contributor",
    ]),
  );
});

/** A roster has at most 64 users, of some points each, and is gone once its territory flips or its relic is taken. */
function holdRosters(
  { territories, relics }: Pick<Rosters, "territories" | "relics">,
  events: readonly DerivedEvent[],
): void {
  for (const factions of [...Object.values(territories), ...Object.values(relics)])
    for (const roster of Object.values(factions)) {
      expect(Object.keys(roster).length).toBeLessThanOrEqual(ROSTER_USERS);
      expect(Math.min(...Object.values(roster))).toBeGreaterThan(0);
    }
  for (const each of events) {
    if (each.kind === "flip") expect(Object.hasOwn(territories, each.territory)).toBe(false);
    if (each.kind === "capture") expect(Object.hasOwn(relics, each.relic)).toBe(false);
  }
}

test("the order of events within a tick shows in no notice and in no roster", {
  timeout: PATIENCE_MS,
}, () => {
  const permuted = histories.chain(({ rules, intervals }) =>
    fc
      .tuple(
        ...intervals.map(({ events = [] }) => fc.shuffledSubarray([...events], { minLength: events.length })),
      )
      .map((orders) => ({ rules, intervals, shuffled: orders.map((events) => ({ events })) })),
  );
  fc.assert(
    fc.property(permuted, ({ rules, intervals, shuffled }) => {
      const bytes = (results: TickResult[]) =>
        canonical(results.map(({ notices, state }) => [notices, state.private.rosters, state.private.told]));
      expect(bytes(live({ rules, intervals: shuffled }))).toBe(bytes(live({ rules, intervals })));
    }),
    { numRuns: CASES },
  );
});

test("where the burst cap cut nothing, pivotal is just who, left out of the whole tick, makes it end otherwise", {
  timeout: PATIENCE_MS,
}, () => {
  let pivotal = 0;
  fc.assert(
    fc.property(histories, (history) => {
      let before: Pick<TickResult, "state" | "record"> = STARTED.get(history.rules)!;
      for (const [i, after] of live(history).entries()) {
        const { events = [] } = history.intervals[i]!;
        const uncut = Object.values(after.record.factions).every(({ sum, cap }) => sum <= cap);
        for (const { user, items } of uncut ? after.notices : []) {
          const [without] = play(before, [{ events: events.filter(({ user_id }) => user_id !== user) }]);
          for (const item of items) {
            const same = eventOf(item, without!.record.events) !== undefined;
            if (item.role === "pivotal") pivotal++;
            // Only who acted for it is told that they were pivotal: an adversary may be so by mischance.
            if (item.role === "pivotal" || actedFor(item, user, events))
              expect(item.role === "pivotal").toBe(!same);
          }
        }
        before = after;
      }
    }),
    { numRuns: CASES },
  );
  expect(pivotal).toBeGreaterThan(CASES / 10);
});

const actedFor = (item: NoticeItem, user: string, events: NonNullable<Interval["events"]>): boolean =>
  events.some(
    (each) =>
      each.user_id === user &&
      each.normalized_points > 0 &&
      ((item.kind === "flip" && each.territory_id === item.territory && each.faction_id === item.to) ||
        (item.kind === "capture" && each.relic_id === item.relic && each.faction_id === item.faction) ||
        (item.kind === "campaign" && each.campaign_id === item.campaign) ||
        item.kind === "trigger"),
  );
