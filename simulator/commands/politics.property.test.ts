import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { SETTLED_TOLD } from "../../shared/contracts/settled-command.ts";
import type { Happening, WorldState } from "../../shared/contracts/world.ts";
import { canonical, canonicalHash } from "../../shared/exact/canonical.ts";
import { mul } from "../../shared/exact/integers.ts";
import { MAX_ACTIVE_EFFECTS } from "../steps/effects.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { frozen } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { live, MAX, politicalSessions, RICH, RULES, sessions } from "../testing/politics-arbitraries.ts";
import type { TickResult } from "../tick-result.ts";
import { runCommands } from "./commands.ts";
import { closeActions } from "./sovereign.ts";

const CASES = runs(2_000);
/** Of whole ticks, which cost some milliseconds each. */
const TICKED_CASES = runs(100);

/** Thousandths by resource: in the stocks, and held back for what is open. */
function held({ public: world, private: privateState }: WorldState): Record<string, number> {
  const total = Object.fromEntries(RULES.resources.map((resource) => [resource, 0]));
  for (const { resources } of Object.values(world.factions))
    for (const [resource, units] of Object.entries(resources)) total[resource]! += units;
  for (const [id, { resource, stakes }] of Object.entries(privateState.escrow ?? {}))
    total[resource]! += [world.actions[id]!.cost, ...Object.values(stakes)].reduce((a, b) => a + b);
  return total;
}

/** What is in the world more, or less, by what the public log says of grants, spendings and closes. */
function accounted(before: WorldState, after: WorldState, happenings: readonly Happening[]) {
  const change = Object.fromEntries(RULES.resources.map((resource) => [resource, 0]));
  const stakes = new Map<string, number>();
  for (const [id, each] of Object.entries(before.private.escrow ?? {}))
    stakes.set(
      id,
      Object.values(each.stakes).reduce((a, b) => a + b, 0),
    );
  for (const each of happenings) {
    if (each.kind === "resource") change[each.resource]! += each.change;
    if (each.kind !== "action") continue;
    if (each.status === "opposed") stakes.set(each.id, (stakes.get(each.id) ?? 0) + each.stake);
    if (each.status !== "countered" && each.status !== "resolved") continue;
    const { cost, action_type } = after.public.actions[each.id]!;
    const kept = each.status === "countered" ? mul(cost, RULES.sovereign.refund_bp) : 0;
    change[RULES.sovereign[action_type].resource]! -= cost - kept + (stakes.get(each.id) ?? 0);
  }
  return change;
}

test("resources and what is held back are conserved: only grants, spendings and closes change their sum", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      const played = sessions(life);
      for (const { before, after, happenings } of played) {
        const change = accounted(before, after, happenings);
        const now = held(after);
        for (const [resource, sum] of Object.entries(held(before)))
          expect(now[resource]).toBe(sum + change[resource]!);
      }
      // A season that closes pays everything back that is still open.
      const last = played.at(-1)!.after;
      const { state: closed } = closeActions(last, "season_closed");
      expect(held(closed)).toEqual(held(last));
      expect(closed.private.escrow ?? {}).toEqual({});
    }),
    { numRuns: CASES },
  );
});

test("every command has one end, in log order: the record names the first 64 that are no votes, the private hash all", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      const results = live(life);
      for (const [i, { record, state, settled }] of results.entries()) {
        const said = life[i]!;
        expect(settled.map(({ id }) => id)).toEqual(said.map(({ command_id }) => command_id));
        const isVote = (id: string) => said.find((each) => each.command_id === id)!.kind === "council.vote";
        const named = settled.filter(({ id }) => !isVote(id)).slice(0, SETTLED_TOLD);
        expect(record.commands ?? []).toEqual(named);
        expect(state.private.commands_hash).toBe(said.length === 0 ? undefined : canonicalHash(settled));
        const told = record.events.flatMap((each) =>
          each.kind === "refused" ? [{ id: each.id, status: "refused", reason: each.reason }] : [],
        );
        expect(told).toEqual(named.filter(({ status }) => status === "refused"));
      }
    }),
    { numRuns: runs(100) },
  );
});

test("a season that opens keeps a fifth of every stock, what is held back included", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      const last = sessions(life).at(-1)!.after;
      const calendar = { started_tick: 0, closed_tick: last.public.tick };
      const over = { ...last, public: { ...last.public, calendar } };
      const [opening] = [passed("season.open", {}, 1_000)] as WorldCommand[];
      const { state, happenings } = runCommands(over, [opening!]);
      const { state: paid } = closeActions(last, "season_closed");
      expect(held(paid)).toEqual(held(last));
      for (const [id, { resources }] of Object.entries(state.public.factions))
        for (const [resource, units] of Object.entries(resources))
          expect(units).toBe(mul(paid.public.factions[id]!.resources[resource]!, 2_000));
      const ended = happenings.flatMap((each) =>
        each.kind === "action" || (each.kind === "council" && each.step === "close") ? [each.id] : [],
      );
      const councils = Object.values(last.public.councils);
      const open = [
        ...Object.keys(last.private.escrow ?? {}),
        ...councils.flatMap((each) => (each.open === undefined ? [] : [each.open.id])),
      ];
      expect(ended.sort()).toEqual(open.sort());
    }),
    { numRuns: runs(500) },
  );
});

test("no stock is ever negative, no faction acts more than 3 times in a season or within its rest", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      const proposed = new Map<string, number[]>();
      for (const { tick, after, happenings } of sessions(life)) {
        const stocks = Object.values(after.public.factions).flatMap(({ resources }) =>
          Object.values(resources),
        );
        expect(Math.min(...stocks)).toBeGreaterThanOrEqual(0);
        for (const each of happenings)
          if (each.kind === "action" && each.status === "proposed") {
            const { faction } = after.public.actions[each.id]!;
            proposed.set(faction, [...(proposed.get(faction) ?? []), tick]);
          }
      }
      for (const ticks of proposed.values()) {
        expect(ticks.length).toBeLessThanOrEqual(3);
        for (const [i, tick] of ticks.slice(1).entries()) expect(tick - ticks[i]!).toBeGreaterThanOrEqual(2);
      }
    }),
    { numRuns: CASES },
  );
});

test("every proposal closes once, 3 ticks on; nothing is held back for what is closed, and closed ones are forgotten", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      const opened = new Map<string, number>();
      for (const { tick, after, happenings } of sessions([...life, [], [], []])) {
        for (const each of happenings) {
          if (each.kind !== "action" || each.status === "opposed") continue;
          if (each.status === "proposed") opened.set(each.id, tick);
          else {
            expect(tick).toBe(opened.get(each.id)! + 3);
            opened.delete(each.id);
          }
        }
        expect(Object.keys(after.private.escrow ?? {}).sort()).toEqual([...opened.keys()].sort());
        for (const { status, closes_tick } of Object.values(after.public.actions))
          expect(status === "proposed" ? closes_tick : closes_tick + 5).toBeGreaterThan(tick);
      }
      expect([...opened.keys()]).toEqual([]);
    }),
    { numRuns: CASES },
  );
});

test("a counter counts exactly in the ticks from its proposal to the close, and 80 % of the cost decides", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      const staked = new Map<string, number>();
      const commands = new Map(life.flat().map((each) => [each.command_id, each]));
      for (const { tick, before, after, happenings } of sessions([...life, [], [], []]))
        for (const each of happenings) {
          if (each.kind === "action" && each.status === "opposed") {
            expect(after.public.actions[each.id]!.closes_tick).toBeGreaterThanOrEqual(tick);
            staked.set(each.id, (staked.get(each.id) ?? 0) + each.stake);
          }
          if (each.kind === "refused" && each.reason === "window_closed") {
            const counter = commands.get(each.id)!;
            if (counter.kind !== "sovereign.counter") throw new Error("only a counter has a window");
            const { proposed_tick } = before.public.actions[counter.payload.action]!;
            expect(tick).toBeGreaterThan(proposed_tick + 3);
          }
          if (each.kind === "action" && (each.status === "countered" || each.status === "resolved")) {
            const enough = (staked.get(each.id) ?? 0) * 10_000 >= after.public.actions[each.id]!.cost * 8_000;
            expect(each.status).toBe(enough ? "countered" : "resolved");
          }
        }
    }),
    { numRuns: CASES },
  );
});

test("the order in which a tick's commands are read shows in no byte: the log's order decides", () => {
  fc.assert(
    fc.property(shuffledLives, ({ life, shuffled }) => {
      // Without the ruleset, which is most of the bytes and the same by reference.
      const bytes = (each: typeof life) => {
        const played = sessions(each);
        const { after } = played.at(-1)!;
        const privateState = { ...after.private, ruleset: {} };
        return canonical([played.map(({ happenings }) => happenings), after.public, privateState]);
      };
      expect(bytes(shuffled)).toBe(bytes(life));
    }),
    { numRuns: CASES },
  );
  fc.assert(
    fc.property(shuffledLives, ({ life, shuffled }) => {
      expect(canonical(live(shuffled))).toBe(canonical(live(life)));
    }),
    { numRuns: TICKED_CASES },
  );
});

const shuffledLives = politicalSessions(8).chain((life) =>
  fc
    .tuple(...life.map((each) => fc.shuffledSubarray(each, { minLength: each.length })))
    .map((shuffled) => ({ life, shuffled })),
);

test("a refusal leaves the world as it was", () => {
  fc.assert(
    fc.property(politicalSessions(3), (life) => {
      for (const { before, after, happenings } of sessions(life.flat().map((command) => [command]))) {
        if (happenings[0]?.kind !== "refused") continue;
        expect(after).toEqual(runCommands(before, []).state);
      }
    }),
    { numRuns: CASES },
  );
});

test("in whole ticks, stocks stay within their maximum and effects within 16; a restart shows in no byte", () => {
  fc.assert(
    fc.property(politicalSessions(8), (life) => {
      let from: Pick<TickResult, "state" | "record"> = RICH;
      for (const [i, straight] of live(life).entries()) {
        const { factions, effects } = straight.state.public;
        for (const { resources } of Object.values(factions))
          for (const units of Object.values(resources)) expect(units).toBeLessThanOrEqual(MAX);
        expect(Object.keys(effects).length).toBeLessThanOrEqual(MAX_ACTIVE_EFFECTS);
        const [again] = live(frozen([life[i]!]), frozen(JSON.parse(JSON.stringify(from))));
        expect(canonical(again)).toBe(canonical(straight));
        from = again!;
      }
    }),
    { numRuns: TICKED_CASES },
  );
});

test("the made-up lives propose, oppose, counter, resolve, vote, decree, and are refused for every reason", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(politicalSessions(20, 15), (life) => {
      for (const { happenings } of sessions(life))
        for (const each of happenings) {
          if (each.kind === "refused") seen.add(each.reason);
          if (each.kind === "action") seen.add(each.status);
          if (each.kind === "council" && each.step === "close") seen.add(each.reason);
          if (each.kind === "decree") seen.add("decree");
        }
    }),
    { numRuns: 1_000 },
  );
  const reached = ["proposed", "opposed", "countered", "resolved", "voted", "tie", "no_quorum", "decree"];
  const refused = [
    ...[
      "unknown_faction",
      "unknown_resource",
      "insufficient",
      "above_maximum",
      "no_seat",
      "cooldown",
      "season_max",
    ],
    ...["no_target", "own_target", "no_target_allowed", "unknown_action", "own_action"],
    ...["window_closed", "already_countered", "too_small"],
  ];
  expect([...reached, ...refused].filter((each) => !seen.has(each))).toEqual([]);
});
