import { beforeEach, describe, expect, test } from "vitest";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { cacheSpec } from "../cache.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { initialState } from "../state/initial-state.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, RULES, START_MS, stateText } from "../testing/builders.ts";

const DAY = 86_400_000;
const ASSIGNED: Ruleset = { ...RULES, membership: "assigned" };
/** A ruleset that has a faction no longer. */
const without = (faction: string, rules: Ruleset): Ruleset => {
  const { [faction]: _dropped, ...factions } = rules.factions;
  return { ...rules, factions };
};

let state: NormalizerState;
let seq: number;
let day: number;
beforeEach(() => {
  state = freshRealm();
  seq = 0;
  day = 0;
});

type Kind = ValidCommand["kind"];
const place = () => ({ atMs: START_MS + day * DAY + ++seq, seq });
function say(kind: Kind, payload: object, actor: "player" | "gm", key?: string): string {
  const asked = command(kind, payload as never, place());
  const by = { ...asked, actor: { type: actor, id: actor === "player" ? "ada" : "mai" } };
  const said = key === undefined ? by : { ...by, command_id: key };
  const { status, reason } = foldCommand(state, said as ValidCommand).command;
  return reason ?? status;
}
const join = (faction: string, actor: "player" | "gm" = "player") =>
  say("member.join", { user: "ada", faction }, actor);
const change = (faction: string, actor: "player" | "gm" = "player") =>
  say("member.switch", { user: "ada", faction }, actor);
const leave = (actor: "player" | "gm" = "player") => say("member.leave", { user: "ada" }, actor);
const act = (faction_id: string) => {
  const { validity_status, reason } = foldCandidate(state, candidate(place(), { faction_id }));
  return reason ?? validity_status;
};
function newSeason(): void {
  for (const kind of ["season.close", "season.open"] as const) expect(say(kind, {}, "gm")).toBe("passed");
}
/** Puts rules in force that are whole in what a member needs of them: other checks have tests of their own. */
function putInForce(ruleset: Ruleset): void {
  state.rules = { ...state.rules!, ruleset };
}

test("where factions are assigned, nobody acts before they joined", () => {
  state = freshRealm(ASSIGNED);
  expect(act("empire")).toBe("not_a_member");
  expect(join("empire")).toBe("applied");
  expect(act("empire")).toBe("accepted");
});

test.each(["member.join", "member.switch", "member.leave"] as const)(
  "%s is said for oneself alone",
  (kind) => {
    const payload = { user: "bo", ...(kind === "member.leave" ? {} : { faction: "empire" }) };
    expect(say(kind, payload, "player")).toBe("not_allowed");
  },
);

test("a faction is joined once, and changed after 14 days at the earliest", () => {
  expect(join("atlantis")).toBe("unknown_faction");
  expect(change("empire")).toBe("not_a_member");
  expect(join("empire")).toBe("applied");
  expect(join("veilborn")).toBe("already_member");
  day = 13;
  expect(change("veilborn")).toBe("too_early");
  day = 15;
  expect(change("empire")).toBe("same_faction");
  expect(change("veilborn")).toBe("applied");
  day = 16;
  expect(change("empire")).toBe("too_early");
  expect(act("empire")).toBe("faction_mismatch");
});

describe("who leaves", () => {
  test("was a member, and is none from then on: they neither vote nor act in a council", () => {
    expect(leave()).toBe("not_a_member");
    join("empire");
    expect(leave()).toBe("applied");
    expect(leave()).toBe("not_a_member");
    expect(say("council.vote", { user: "ada", faction: "empire", option: 0 }, "player")).toBe("not_a_member");
    const propose = { action_type: "iron_levy", faction: "empire" };
    expect(say("sovereign.propose", propose, "player")).toBe("not_a_member");
    expect(change("veilborn")).toBe("not_a_member");
  });

  test("waits for another faction as long as a switch would, counted from when they joined", () => {
    join("empire");
    day = 10;
    leave();
    expect(join("veilborn")).toBe("too_early");
    day = 13;
    expect(join("veilborn")).toBe("too_early");
    day = 15;
    expect(join("veilborn")).toBe("applied");
    day = 16;
    leave();
    expect(join("empire")).toBe("too_early");
  });

  test("may come back at once, as if they had not left", () => {
    join("empire");
    const joinedMs = state.members.get("ada")!.sinceMs;
    day = 10;
    leave();
    expect(join("empire")).toBe("applied");
    expect(state.members.get("ada")).toMatchObject({ sinceMs: joinedMs, left: 0 });
  });

  test("of an open realm is bound again by an event for the same faction, and for another one once the time is over", () => {
    act("empire");
    leave();
    expect(act("veilborn")).toBe("faction_mismatch");
    expect(act("empire")).toBe("accepted");
    expect(join("veilborn")).toBe("already_member");
    leave();
    day = 15;
    expect(act("veilborn")).toBe("accepted");
    expect(act("empire")).toBe("faction_mismatch");
  });

  test("of a realm that assigns factions acts for nobody", () => {
    state = freshRealm(ASSIGNED);
    join("empire");
    leave();
    expect(act("empire")).toBe("not_a_member");
  });

  test("isn't brought back by a late repeat of the join before, nor led out by one of the leave", () => {
    const first = { user: "ada", faction: "empire" };
    expect(say("member.join", first, "player", "join-1")).toBe("applied");
    expect(say("member.leave", { user: "ada" }, "player", "leave-1")).toBe("applied");
    expect(say("member.join", first, "player", "join-1")).toBe("duplicate");
    expect(say("member.join", first, "player", "join-2")).toBe("applied");
    expect(say("member.leave", { user: "ada" }, "player", "leave-1")).toBe("duplicate");
    const again = initialState("r");
    for (const [key, text] of stateText(state)) cacheSpec.load(again, key, text);
    state = again;
    expect(say("member.leave", { user: "ada" }, "player", "leave-1")).toBe("duplicate");
  });
});

describe("a faction that a ruleset drops", () => {
  test("holds nobody: its members join another at once, or are bound by their next event", () => {
    for (const bind of [() => join("veilborn"), () => act("veilborn")]) {
      state = freshRealm();
      act("empire");
      putInForce(without("empire", RULES));
      expect(act("empire")).toBe("unknown_faction");
      expect(leave()).toBe("not_a_member");
      expect(change("veilborn")).toBe("not_a_member");
      expect(bind()).toMatch(/^(applied|accepted)$/);
      expect(act("veilborn")).toBe("accepted");
      putInForce(RULES);
      expect(act("empire")).toBe("faction_mismatch");
    }
  });

  test("has its members again when it comes back before they chose", () => {
    act("empire");
    putInForce(without("empire", RULES));
    putInForce(RULES);
    expect(act("veilborn")).toBe("faction_mismatch");
    expect(act("empire")).toBe("accepted");
  });
});

describe("a season's opening", () => {
  test("lets the first accepted event of an open realm bind anew, to whichever faction", () => {
    for (const faction of ["empire", "veilborn"]) {
      state = freshRealm();
      act("empire");
      newSeason();
      expect(act(faction)).toBe("accepted");
      expect(act(faction === "empire" ? "veilborn" : "empire")).toBe("faction_mismatch");
    }
  });

  test("leaves members of a realm that assigns factions where they are, until they join another without waiting", () => {
    for (const move of [join, change]) {
      state = freshRealm(ASSIGNED);
      join("empire");
      newSeason();
      expect(act("empire")).toBe("accepted");
      expect(act("veilborn")).toBe("faction_mismatch");
      expect(move("veilborn")).toBe("applied");
      expect(act("veilborn")).toBe("accepted");
      expect(change("empire")).toBe("too_early");
      expect(join("empire")).toBe("already_member");
    }
  });

  test("ends the wait of who left", () => {
    join("empire");
    leave();
    newSeason();
    expect(join("veilborn")).toBe("applied");
    expect(act("veilborn")).toBe("accepted");
  });
});

test("a game master moves anybody at any time, and lets them leave", () => {
  join("empire");
  expect(change("veilborn", "gm")).toBe("applied");
  expect(leave("gm")).toBe("applied");
  expect(join("empire")).toBe("too_early");
  expect(join("empire", "gm")).toBe("applied");
  expect(act("empire")).toBe("accepted");
});
