import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { DecidedCommand, ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { dayOf } from "../../shared/judgement/day.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { evolve, evolveCommand } from "../judge/evolve.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, RULES, START_MS, stateText } from "../testing/builders.ts";

const CASES = runs(2_000);
const OPTIONS = ["As it is", "Wear grey"].map((text) => ({ text, effects: [] }));

const user = fc.constantFrom("ada", "bo", "cleo", "constructor");
const faction = fc.constantFrom("empire", "freeholds");
/** Long waits, so that weeks pass: councils open again, points grow old, people switch. */
const waitMs = fc.constantFrom(1_000, 60_000, 86_400_000, 3 * 86_400_000, 8 * 86_400_000);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant("deed" as const), user, faction, waitMs }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("vote" as const), user, faction, waitMs, option: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("open" as const), faction, waitMs }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("switch" as const), user, faction, waitMs }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const lives = fc.array(step, { minLength: 1, maxLength: 40 });

type Out = { decision: Decision } | { command: DecidedCommand };
const fold = (state: NormalizerState, out: Out): void =>
  "decision" in out ? evolve(state, out.decision) : evolveCommand(state, out.command);

function live(state: NormalizerState, life: readonly Step[]): Out[] {
  let atMs = START_MS;
  return life.map((each, i): Out => {
    atMs += each.waitMs;
    const seq = i + 1;
    if (each.does === "deed") {
      const deed = candidate({ atMs, seq }, { user_id: each.user, faction_id: each.faction });
      return { decision: foldCandidate(state, deed) };
    }
    const said = commandOf(each, { atMs, seq });
    return { command: foldCommand(state, said).command };
  });
}

function commandOf(
  each: Exclude<Step, { does: "deed" }>,
  place: { atMs: number; seq: number },
): ValidCommand {
  const { faction } = each;
  switch (each.does) {
    case "open":
      return command("council.open", { faction, options: OPTIONS }, place);
    case "switch":
      return command("member.switch", { user: each.user, faction }, place);
    case "vote": {
      const { user, option } = each;
      const vote = command("council.vote", { user, faction, option }, place);
      return { ...vote, actor: { type: "player", id: user } };
    }
    default:
      return each satisfies never;
  }
}

test("nobody votes without standing, twice in a council or for another faction's, and a council never opens within 7 days of the last", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(lives, (life) => {
      const votes = new Set<string>();
      const joinedMs = new Map<string, number>();
      const deeds: { user: string; day: number; points: number }[] = [];
      const opened = new Map<string, { id: string; atMs: number }>();
      for (const out of live(freshRealm(), life)) {
        if ("decision" in out) {
          const { user_id: user, received_at, normalized_points: points, validity_status } = out.decision;
          if (validity_status !== "accepted") continue;
          const atMs = Date.parse(received_at);
          if (!joinedMs.has(user)) joinedMs.set(user, atMs);
          deeds.push({ user, day: dayOf(atMs, RULES.day_offset_minutes), points });
          continue;
        }
        const { command: said } = out;
        seen.add(said.reason ?? said.kind);
        if (said.kind === "member.switch" && said.status === "applied")
          joinedMs.set(said.payload.user, Date.parse(said.received_at));
        if (said.status !== "passed") continue;
        const atMs = Date.parse(said.received_at);
        if (said.kind === "council.open") {
          const last = opened.get(said.payload.faction)?.atMs ?? Number.NEGATIVE_INFINITY;
          expect(atMs - last).toBeGreaterThanOrEqual(7 * 86_400_000);
          opened.set(said.payload.faction, { id: said.command_id, atMs });
        }
        if (said.kind === "council.vote") {
          expect(said.council).toBe(opened.get(said.payload.faction)!.id);
          const vote = `${said.payload.user} ${said.council}`;
          expect(votes.has(vote)).toBe(false);
          votes.add(vote);
          const { user } = said.payload;
          const today = dayOf(atMs, RULES.day_offset_minutes);
          const week = deeds.filter((deed) => deed.user === user && deed.day > today - 7);
          expect(week.reduce((sum, { points }) => sum + points, 0)).toBeGreaterThanOrEqual(50_000);
          expect(atMs - joinedMs.get(user)!).toBeGreaterThanOrEqual(3 * 86_400_000);
        }
      }
    }),
    { numRuns: CASES },
  );
  const reached = ["council.open", "council.vote", "already_voted", "no_council", "no_points", "too_early"];
  for (const each of [...reached, "too_new", "unknown_option", "faction_mismatch", "not_a_member"])
    expect(seen).toContain(each);
});

test("a restart at any input, from entries flushed at any earlier one, leaves the same councils and votes", () => {
  fc.assert(
    fc.property(lives, fc.nat(), fc.nat(), (life, a, b) => {
      const state = freshRealm();
      const outs = live(state, life);
      const flushedAt = a % life.length;
      const watermark = b % (flushedAt + 1);
      const flushed = freshRealm();
      for (const out of outs.slice(0, flushedAt)) fold(flushed, out);
      const restored = freshRealm();
      for (const [key, value] of stateText(flushed)) cacheSpec.load(restored, key, value);
      for (const out of outs.slice(watermark)) fold(restored, out);
      expect(stateText(restored)).toEqual(stateText(state));
    }),
    { numRuns: runs(500) },
  );
});

test("seats are the most active members' whatever sleeps: a realm read back from its entries decides the same", () => {
  fc.assert(
    fc.property(lives, (life) => {
      const awake = freshRealm(RULES);
      live(awake, life);
      const asleep = freshRealm(RULES);
      for (const [key, value] of stateText(awake)) cacheSpec.load(asleep, key, value);
      const atMs = START_MS + 400 * 86_400_000;
      for (const at of [awake.nowMs, atMs]) {
        const open = command("council.open", { faction: "empire", options: OPTIONS }, { atMs: at, seq: 99 });
        expect(foldCommand(asleep, open)).toEqual(foldCommand(awake, open));
      }
    }),
    { numRuns: runs(500) },
  );
});
