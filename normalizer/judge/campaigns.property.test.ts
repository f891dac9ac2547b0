import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { DecidedCommand, ValidCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, START_MS, stateText, TIGHT_RULES } from "../testing/builders.ts";
import { evolve, evolveCommand } from "./evolve.ts";

const campaign = fc.constantFrom("siege", "constructor", "feast");
const deed = fc.oneof(
  { weight: 6, arbitrary: fc.record({ user: fc.constantFrom("ada", "bo"), names: campaign }) },
  { weight: 1, arbitrary: fc.record({ opens: campaign }) },
  { weight: 1, arbitrary: fc.record({ closes: campaign }) },
  {
    weight: 1,
    arbitrary: fc.record({ season: fc.constantFrom("season.close" as const, "season.open" as const) }),
  },
);
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;
type Input = { candidate: ValidCandidate } | { command: ValidCommand };

const inputs = (deeds: readonly Deed[]): Input[] =>
  deeds.map((each, i): Input => {
    const place = { atMs: START_MS + (i + 1) * 90_000, seq: i + 1 };
    if ("user" in each) {
      const change = { user_id: each.user, campaign_id: each.names, action_key: `combat.${i}` };
      return { candidate: candidate(place, change) };
    }
    if ("opens" in each) {
      const payload = { id: each.opens, goal: 1, min_contributors: 1, ticks: 1 };
      return { command: command("campaign.open", payload, place) };
    }
    if ("closes" in each) return { command: command("campaign.close", { id: each.closes }, place) };
    return { command: command(each.season, {}, place) };
  });

type Output = { decision: Decision } | { command: DecidedCommand };
const fold = (state: NormalizerState, input: Input): Output =>
  "candidate" in input
    ? { decision: foldCandidate(state, input.candidate) }
    : { command: foldCommand(state, input.command).command };
function refold(state: NormalizerState, output: Output): void {
  if ("decision" in output) evolve(state, output.decision);
  else evolveCommand(state, output.command);
}
const deeds = fc.array(deed, { minLength: 1, maxLength: 40 });

test("a user is first once in each opening of a campaign, with the first points that count there", () => {
  fc.assert(
    fc.property(deeds, (made) => {
      const state = freshRealm(TIGHT_RULES);
      const contributed = new Map<string, Set<string>>();
      for (const input of inputs(made)) {
        const output = fold(state, input);
        if ("decision" in output) {
          const { decision } = output;
          if (decision.validity_status !== "accepted" || decision.normalized_points === 0) continue;
          const users = contributed.get(decision.campaign_id!)!;
          expect(decision.campaign_first).toBe(users.has(decision.user_id) ? undefined : 1);
          users.add(decision.user_id);
        } else if (output.command.status === "passed") {
          const { kind, payload } = output.command;
          if (kind === "campaign.open") contributed.set(payload.id, new Set());
          if (kind === "campaign.close") contributed.delete(payload.id);
          if (kind === "season.open") contributed.clear();
        }
      }
    }),
    { numRuns: runs(2_000) },
  );
});

test("a restart at any input, from entries flushed at any earlier one, decides on as if there had been none", () => {
  fc.assert(
    fc.property(deeds, fc.nat(), fc.nat(), fc.nat(), (made, a, b, c) => {
      const log = inputs(made);
      const straight = freshRealm(TIGHT_RULES);
      const outputs = log.map((input) => fold(straight, input));
      const restartAt = a % (log.length + 1);
      const flushedAt = b % (restartAt + 1);
      const watermark = c % (flushedAt + 1);
      const flushed = freshRealm(TIGHT_RULES);
      for (const output of outputs.slice(0, flushedAt)) refold(flushed, output);
      const restored = freshRealm(TIGHT_RULES);
      for (const [key, value] of stateText(flushed)) cacheSpec.load(restored, key, value);
      for (const output of outputs.slice(watermark, restartAt)) refold(restored, output);
      const went = log.slice(restartAt).map((input) => fold(restored, input));
      expect(went).toEqual(outputs.slice(restartAt));
    }),
    { numRuns: runs(1_000) },
  );
});
