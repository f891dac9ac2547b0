import { beforeEach, expect, test } from "vitest";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import { MAX_BANS } from "../../shared/judgement/bans.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { initialState } from "../state/initial-state.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, START_MS, stateText } from "../testing/builders.ts";

const HOUR = 3_600_000;
let state: NormalizerState;
let seq: number;
let atMs: number;
beforeEach(() => {
  state = freshRealm();
  [seq, atMs] = [0, START_MS];
});

const place = () => {
  atMs += 60_000;
  return { atMs, seq: ++seq };
};
const say = (kind: ValidCommand["kind"], payload: object, actor: "player" | "gm" = "gm") => {
  const asked = command(kind, payload as never, place());
  const id = actor === "player" ? "ada" : "mai";
  const { status, reason } = foldCommand(state, {
    ...asked,
    actor: { type: actor, id },
  } as ValidCommand).command;
  return reason ?? status;
};
const ban = (user: string, hours: number, actor: "player" | "gm" = "gm") =>
  say("user.ban", { user, until: new Date(atMs + hours * HOUR).toISOString(), note: "a bot" }, actor);
const unban = (user: string) => say("user.unban", { user, note: "it was no bot" });
const act = (user_id: string) => {
  const { validity_status, reason } = foldCandidate(state, candidate(place(), { user_id }));
  return reason ?? validity_status;
};

test("candidates of a banned user are rejected until the ban is over, those of others count", () => {
  expect(ban("ada", 1)).toBe("passed");
  expect(act("ada")).toBe("banned");
  expect(act("bo")).toBe("accepted");
  atMs += HOUR;
  expect(act("ada")).toBe("accepted");
});

test("a ban lifts with its inverse, and a second one sets another end", () => {
  ban("ada", 1);
  expect(unban("ada")).toBe("passed");
  expect(act("ada")).toBe("accepted");
  ban("ada", 1);
  ban("ada", 3);
  atMs += 2 * HOUR;
  expect(act("ada")).toBe("banned");
  expect(unban("ada")).toBe("passed");
  expect(unban("ada")).toBe("not_banned");
});

test("a banned user neither votes, nor proposes, nor stakes", () => {
  say("member.join", { user: "ada", faction: "empire" }, "player");
  ban("ada", 1);
  const faction = "empire";
  expect(say("council.vote", { user: "ada", faction, option: 0 }, "player")).toBe("banned");
  expect(say("sovereign.propose", { action_type: "iron_levy", faction }, "player")).toBe("banned");
  const counter = { action: "a".repeat(26), faction, stake: 1_000 };
  expect(say("sovereign.counter", counter, "player")).toBe("banned");
});

test("bans outlast a season and a restart", () => {
  ban("ada", 500);
  expect([say("season.close", {}), say("season.open", {})]).toEqual(["passed", "passed"]);
  const again = initialState("r");
  for (const [key, text] of stateText(state)) cacheSpec.load(again, key, text);
  state = again;
  expect(act("ada")).toBe("banned");
});

test("only a game master bans, for a time that is ahead, and not more users at once than the bound", () => {
  expect(ban("ada", 1, "player")).toBe("not_allowed");
  expect(ban("ada", -1)).toBe("already_over");
  for (let i = 0; i < MAX_BANS; i++) expect(ban(`user-${i}`, 10_000)).toBe("passed");
  expect(ban("ada", 10_000)).toBe("too_many");
  expect(ban("user-7", 20_000)).toBe("passed");
  atMs += 10_001 * HOUR;
  expect(ban("ada", 1)).toBe("passed");
});
