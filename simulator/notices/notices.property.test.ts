import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, runs } from "../../ops/testing/fuzz.ts";
import { Notice } from "../../shared/contracts/notice.ts";
import type { DerivedEvent, Rosters } from "../../shared/contracts/world.ts";
import { canonical, canonicalHash } from "../../shared/exact/canonical.ts";
import { eventOf, histories, live } from "../testing/notice-world.ts";
import type { TickResult } from "../tick-result.ts";
import { ROSTER_USERS } from "./roster.ts";

const CASES = runs(2_000);
/** Some 5 s each, and the machine may be busy. */
const PATIENCE_MS = patience(240_000);

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
      .map((orders) => ({
        rules,
        intervals,
        shuffled: orders.map((events, i) => ({ ...intervals[i], events })),
      })),
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
