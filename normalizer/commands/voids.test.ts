import { beforeEach, expect, test } from "vitest";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Counted } from "../../shared/contracts/voiding.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { initialState } from "../state/initial-state.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, RULES, START_MS, stateText } from "../testing/builders.ts";

const DAY = 86_400_000;
let state: NormalizerState;
let seq: number;
let atMs: number;
beforeEach(() => {
  state = freshRealm();
  [seq, atMs] = [0, START_MS];
});

function place(): { atMs: number; seq: number } {
  atMs += 60_000;
  return { atMs, seq: ++seq };
}
const act = (): Accepted => foldCandidate(state, candidate(place(), { base_points: 40 })) as Accepted;
const countedOf = (decision: Accepted): Counted => ({
  user: decision.user_id,
  device: decision.device_id!,
  faction: decision.faction_id,
  source: decision.source,
  normalized: decision.normalized_points,
  applied: decision.normalized_points,
  day: decision.daily_cap_bucket,
  received_at: decision.received_at,
  source_seq: decision.source_seq,
});
type Said = { counted?: Counted | undefined; actor?: "gm" | "player" };
function say(kind: "event.void" | "event.restore", event: string, { counted, actor = "gm" }: Said): string {
  const payload = { event, note: "a bot's", ...(counted === undefined ? {} : { counted }) };
  const said = { ...command(kind, payload, place()), actor: { type: actor, id: "mai" } } as ValidCommand;
  const { status, reason } = foldCommand(state, said).command;
  return reason ?? status;
}
const points = (day: string) => {
  const number = Date.parse(day) / DAY;
  return [
    state.players.get("ada")!.pointsOf(number),
    state.players.get("ada")!.recentPoints(number),
    state.devices.get("phone-of-ada")!.pointsOf(number),
    state.week.days.at(-1)!.points,
  ];
};

test("a void takes an event out of its user's, its device's and the realm's day, a restore puts it in again", () => {
  const first = act();
  const second = act();
  const [all, alone] = [first.normalized_points + second.normalized_points, first.normalized_points];
  expect(points(first.daily_cap_bucket)).toEqual([all, all, all, all]);
  const counted = countedOf(second);
  expect(say("event.void", second.event_id, { counted })).toBe("passed");
  expect(points(first.daily_cap_bucket)).toEqual([alone, alone, alone, alone]);
  expect(say("event.void", second.event_id, { counted })).toBe("already_void");
  expect(say("event.restore", second.event_id, { counted })).toBe("passed");
  expect(points(first.daily_cap_bucket)).toEqual([all, all, all, all]);
  expect(say("event.restore", second.event_id, { counted })).toBe("not_void");
});

test("what is void is known after a restart, and a command that is folded again changes nothing", () => {
  const decision = act();
  const counted = countedOf(decision);
  say("event.void", decision.event_id, { counted });
  const again = initialState("r");
  for (const [key, text] of stateText(state)) cacheSpec.load(again, key, text);
  state = again;
  expect(points(decision.daily_cap_bucket)).toEqual([0, 0, 0, 0]);
  expect(say("event.void", decision.event_id, { counted })).toBe("already_void");
});

test("refused: a player's, an event that nobody looked up, one of a week ago or of an earlier season, a faction that is gone", () => {
  const decision = act();
  const counted = countedOf(decision);
  const voided = (said: Said) => say("event.void", decision.event_id, said);
  expect(voided({ counted, actor: "player" })).toBe("not_allowed");
  expect(voided({})).toBe("unknown_event");
  expect(voided({ counted: { ...counted, faction: "atlantis" } })).toBe("unknown_faction");
  for (const kind of ["season.close", "season.open"] as const)
    foldCommand(state, command(kind, {}, place()) as ValidCommand);
  expect(voided({ counted })).toBe("too_old");
  const later = act();
  atMs += 7 * DAY;
  expect(say("event.void", later.event_id, { counted: countedOf(later) })).toBe("too_old");
});

test("a day that is no longer known loses nothing", () => {
  const decision = act();
  const counted = { ...countedOf(decision), day: "2026-02-20" };
  expect(say("event.void", decision.event_id, { counted })).toBe("passed");
  expect(points(decision.daily_cap_bucket)[0]).toBe(decision.normalized_points);
  expect(RULES.caps.user_day).toBeGreaterThan(0);
});
