/** Notices tell the truth: each is held against what the whole history brought, and against the tick played again. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, runs } from "../../ops/testing/fuzz.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { NoticeItem } from "../../shared/contracts/notice.ts";
import type { DerivedEvent } from "../../shared/contracts/world.ts";
import { appliedPoints } from "../../shared/world/applied.ts";
import { type Interval, play, standing } from "../testing/builders.ts";
import { AMPLE, eventOf, type History, histories, live, STARTED } from "../testing/notice-world.ts";
import type { TickResult } from "../tick-result.ts";

const CASES = runs(2_000);
/** Some 10 s each, and the machine may be busy. */
const PATIENCE_MS = patience(240_000);

type Events = readonly Accepted[];
const eventsAt = ({ intervals }: History, i: number): Events => intervals[i]!.events ?? [];

/** Whether an event may have moved what an item's outcome reads; `age`: how many ticks before it. */
function moves(item: NoticeItem, streak: number): (event: Accepted, age: number) => boolean {
  const lost = item.role === "lost";
  switch (item.kind) {
    case "flip":
      return ({ territory_id, faction_id }) =>
        territory_id === item.territory && faction_id === (lost ? item.from : item.to);
    case "capture":
      return ({ relic_id, faction_id }) =>
        relic_id === item.relic && faction_id === (lost ? item.from : item.faction);
    case "campaign":
      return ({ campaign_id }) => campaign_id === item.campaign;
    case "trigger":
      return READ[item.key]!(streak);
    default:
      return () => true;
  }
}
/** What the triggers of this world read, by events. */
const READ: Record<string, (streak: number) => (event: Accepted, age: number) => boolean> = {
  rise: (streak) => (event, age) => event.faction_id === "empire" && age < streak,
  fall: (streak) => (event, age) => event.faction_id !== "empire" && age < streak,
  hold: () => (event) => event.territory_id === "gate" && event.faction_id === "constructor",
  strife: () => (event) => event.event_type !== "influence_gain",
  clash: (streak) => (event, age) => event.relic_id === "bell" && age < streak,
  either: (streak) => (event, age) =>
    event.faction_id === "zenith" && (event.territory_id === "marsh" || age < streak),
};

test("whoever is told a share contributed to what the outcome's condition reads, and the shares of a roster sum to at most 10 000", {
  timeout: PATIENCE_MS,
}, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(histories, (history) => {
      for (const [i, { notices, state }] of live(history).entries()) {
        const sums = new Map<string, number>();
        for (const { user, items } of notices)
          for (const item of items) {
            if (item.kind === "clip" || item.share_bp === 0) continue;
            const roster = `${item.id} ${item.role === "lost"}`;
            sums.set(roster, (sums.get(roster) ?? 0) + item.share_bp);
            const streak = item.kind === "trigger" ? state.public.triggers[item.key]!.streak : 0;
            const counts = moves(item, streak);
            const ages = [...Array(i + 1).keys()];
            const acted = ages.some((age) =>
              eventsAt(history, i - age).some(
                (event) => event.user_id === user && event.normalized_points > 0 && counts(event, age),
              ),
            );
            expect(acted, `${user} ${JSON.stringify(item)}`).toBe(true);
            seen.add(item.kind === "trigger" ? `${item.key} told` : `${item.kind} ${item.role}`);
          }
        for (const [roster, sum] of sums) expect(sum, roster).toBeLessThanOrEqual(10_000);
      }
    }),
    { numRuns: CASES },
  );
  const told = Object.keys(READ).map((key) => `${key} told`);
  expect([...seen].sort()).toEqual(expect.arrayContaining([...told, "flip lost", "flip major"]));
});

test("what comes about in the same tick without any player's points has no roster", {
  timeout: PATIENCE_MS,
}, () => {
  let without = 0;
  fc.assert(
    fc.property(histories, (history) => {
      const empty = live({
        ...history,
        intervals: history.intervals.map((each) => ({ ...each, events: [] })),
      });
      for (const [i, { notices }] of live(history).entries()) {
        const alone = empty[i]!.record.events.filter(({ kind }) => kind === "trigger");
        without += alone.length;
        for (const { items } of notices)
          for (const item of items)
            if (item.kind === "trigger" && eventOf(item, alone) !== undefined)
              expect(item.share_bp, JSON.stringify(item)).toBe(0);
      }
    }),
    { numRuns: CASES },
  );
  expect(without).toBeGreaterThan(CASES / 100);
});

/** The tick without a user, what the burst cap left to everybody else held as it was: it cuts nothing more. */
function without(
  user: string,
  before: Before,
  after: TickResult,
  interval: Interval,
): readonly DerivedEvent[] {
  const others = (interval.events ?? []).filter(({ user_id }) => user_id !== user);
  const applied = appliedPoints(interval.events ?? [], after.record);
  const uncut = standing(before, ({ private: { ruleset } }) => {
    ruleset.influence = AMPLE.influence;
  });
  const left = others.map((event) => ({ ...event, normalized_points: applied.get(event.event_id)! }));
  const [fixed] = play(uncut, [{ ...interval, events: left }]);
  // Neither gains nor caps reach a campaign's points.
  const [brought] = play(uncut, [{ ...interval, events: others }]);
  return [
    ...fixed!.record.events.filter(({ kind }) => kind !== "campaign"),
    ...brought!.record.events.filter(({ kind }) => kind === "campaign"),
  ];
}
type Before = Pick<TickResult, "state" | "record">;

/** An item of a user's about an event, as far as it names that. */
const about = (event: DerivedEvent, role: NoticeItem["role"]): NoticeItem | undefined => {
  const told = { id: "", role, share_bp: 0 };
  switch (event.kind) {
    case "flip":
      return { ...told, kind: "flip", territory: event.territory, to: event.to };
    case "capture":
      return { ...told, kind: "capture", relic: event.relic, faction: event.faction };
    case "trigger":
      return { ...told, kind: "trigger", key: event.key };
    case "campaign":
      return event.stage === 0
        ? undefined
        : { ...told, kind: "campaign", campaign: event.id, stage: event.stage };
    default:
      return undefined;
  }
};

test("pivotal is just who, left out of the whole tick with the cuts of the others held as they were, makes it end otherwise", {
  timeout: PATIENCE_MS,
}, () => {
  const seen = { pivotal: 0, cut: 0 };
  fc.assert(
    fc.property(histories, (history) => {
      let before: Before = STARTED.get(history.rules)!;
      for (const [i, after] of live(history).entries()) {
        const interval = history.intervals[i]!;
        const { events } = after.record;
        const isCut = Object.values(after.record.factions).some(({ sum, cap }) => sum > cap);
        const outcomes = events.filter(
          (each, n) =>
            about(each, "pivotal") !== undefined &&
            // Of a campaign the last of its tick is told.
            (each.kind !== "campaign" ||
              !events.slice(n + 1).some((later) => later.kind === "campaign" && later.id === each.id)),
        );
        const users = new Set(eventsAt(history, i).map(({ user_id }) => user_id));
        for (const user of outcomes.length === 0 ? [] : users) {
          const other = without(user, before, after, interval);
          const items = after.notices.find((notice) => notice.user === user)?.items ?? [];
          const pivotal = items.filter(({ role }) => role === "pivotal");
          for (const outcome of outcomes) {
            const differs = eventOf(about(outcome, "pivotal")!, other) === undefined;
            const isTold = pivotal.some((item) => eventOf(item, [outcome]) !== undefined);
            if (isTold) expect(differs, `${user} ${JSON.stringify(outcome)}`).toBe(true);
            // Three items at most are told, and only who acted for it: an adversary may be needed by mischance.
            else if (differs && pivotal.length < 3)
              expect(
                actedFor(outcome, user, eventsAt(history, i)),
                `${user} ${JSON.stringify(outcome)}`,
              ).toBe(false);
            if (isTold) seen.pivotal++;
            if (isTold && isCut) seen.cut++;
          }
        }
        before = after;
      }
    }),
    { numRuns: CASES },
  );
  expect(seen.pivotal).toBeGreaterThan(CASES / 10);
  expect(seen.cut).toBeGreaterThan(CASES / 100);
});

const actedFor = (outcome: DerivedEvent, user: string, events: Events): boolean =>
  events.some(
    (each) =>
      each.user_id === user &&
      each.normalized_points > 0 &&
      ((outcome.kind === "flip" &&
        each.territory_id === outcome.territory &&
        each.faction_id === outcome.to) ||
        (outcome.kind === "capture" &&
          each.relic_id === outcome.relic &&
          each.faction_id === outcome.faction) ||
        (outcome.kind === "campaign" && each.campaign_id === outcome.id) ||
        outcome.kind === "trigger"),
  );
