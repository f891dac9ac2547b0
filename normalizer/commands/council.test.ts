import { describe, expect, test } from "vitest";
import type { CommandKind, DecidedCommand } from "../../shared/contracts/command.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, RULES, START_MS, stateText } from "../testing/builders.ts";
import { voteWeight } from "./council.ts";

const DAY = 86_400_000;
const OPTIONS = [
  { text: "As it is", effects: [] },
  { text: "Wear grey", effects: [{ do: "style" as const, id: "grey", ticks: 3 }] },
];

/** Who joined today has standing. */
const EARLY = {
  ...RULES,
  judgement: { ...RULES.judgement, standing: { ...RULES.judgement.standing, days: 0 } },
};

let seq = 0;
/** One deed of somebody's; a stranger's first binds them to the faction. */
const play = (state: NormalizerState, user_id: string, atMs = START_MS, faction_id = "empire") => {
  const place = { atMs, seq: ++seq };
  const decision = foldCandidate(
    state,
    candidate(place, { user_id, faction_id, idempotency_key: `deed-${seq}` }),
  );
  expect(decision.validity_status).toBe("accepted");
};
const plays = (state: NormalizerState, user: string, deeds: number, atMs = START_MS, faction = "empire") => {
  for (let i = 0; i < deeds; i++) play(state, user, atMs + i * 600_000 + i * i * 7_000, faction);
};
const say = (
  state: NormalizerState,
  kind: CommandKind,
  payload: object,
  { by = "tester", actor = "gm" as "gm" | "player" | "system", atMs = START_MS + DAY } = {},
): DecidedCommand => {
  const said = command(kind, payload as never, { atMs, seq: ++seq, actor });
  return foldCommand(state, { ...said, actor: { type: actor, id: by } }).command;
};
const opens = (
  state: NormalizerState,
  more: { faction?: string; atMs?: number; options?: object[] } = {},
) => {
  const { faction = "empire", options = OPTIONS, atMs = START_MS + DAY } = more;
  return say(state, "council.open", { faction, options }, { atMs });
};
const votes = (
  state: NormalizerState,
  user: string,
  more: { option?: number; atMs?: number; faction?: string } = {},
) => {
  const { option = 1, faction = "empire", atMs = START_MS + DAY } = more;
  return say(state, "council.vote", { user, faction, option }, { by: user, actor: "player", atMs });
};

describe("seats", () => {
  test("go to the five members with the most points of the last 7 days, ties by id", () => {
    const state = freshRealm(EARLY);
    plays(state, "ada", 3);
    for (const user of ["zoe", "bo", "cleo", "dan", "eve", "constructor"]) plays(state, user, 1);
    plays(state, "rival", 4, START_MS, "veilborn");
    expect(opens(state)).toMatchObject({
      status: "passed",
      seats: ["ada", "bo", "cleo", "constructor", "dan"],
      active: 7,
    });
    expect(opens(state, { faction: "veilborn" })).toMatchObject({ seats: ["rival"], active: 1 });
    expect(opens(state, { faction: "freeholds" })).toMatchObject({ status: "passed", seats: [] });
  });

  test("go to nobody for points of more than 7 days ago, or under another faction since", () => {
    const state = freshRealm(EARLY);
    plays(state, "ada", 1);
    plays(state, "bo", 1, START_MS + 12 * DAY);
    plays(state, "cleo", 1, START_MS + 13 * DAY);
    expect(opens(state, { atMs: START_MS + 15 * DAY }).seats).toEqual(["bo", "cleo"]);
    const later = START_MS + 29 * DAY;
    plays(state, "cleo", 1, later - DAY);
    say(state, "member.switch", { user: "cleo", faction: "veilborn" }, { atMs: later });
    expect(opens(state, { atMs: later }).seats).toEqual([]);
    expect(opens(state, { atMs: later, faction: "veilborn" }).seats).toEqual(["cleo"]);
  });

  test("are found among the sleeping without waking anybody: no entry changes", () => {
    const awake = freshRealm(EARLY);
    for (const user of ["ada", "bo"]) plays(awake, user, 2);
    const asleep = freshRealm(EARLY);
    for (const [key, text] of stateText(awake)) {
      if (key.startsWith("u.")) asleep.players.load(key.slice(2), text);
      if (key.startsWith("m.")) asleep.members.load(key.slice(2), text);
    }
    expect(opens(asleep).seats).toEqual(opens(awake).seats);
    const entries = (state: NormalizerState) => stateText(state).filter(([key]) => /^[um]\./.test(key));
    expect(entries(asleep)).toEqual(entries(awake));
  });
});

describe("a council opens", () => {
  test("once in 672 ticks of 15 minutes, which are 7 days", () => {
    const state = freshRealm(EARLY);
    expect(opens(state).status).toBe("passed");
    expect(opens(state, { atMs: START_MS + 8 * DAY - 1 })).toMatchObject({
      status: "refused",
      reason: "too_early",
    });
    expect(opens(state, { atMs: START_MS + 8 * DAY - 1, faction: "veilborn" }).status).toBe("passed");
    expect(opens(state, { atMs: START_MS + 8 * DAY }).status).toBe("passed");
  });

  test("not for a faction that isn't there, with effects on what isn't there, or after the season", () => {
    const state = freshRealm(EARLY);
    const hail = { do: "modify", name: "yield_bp", faction: "atlantis", add: 1, ticks: 1 };
    const steal = { do: "style", id: "iron_decrees", ticks: 1 };
    const option = (effect: object) => [OPTIONS[0]!, { text: "Yes", effects: [effect] }];
    expect(opens(state, { faction: "atlantis" }).reason).toBe("unknown_faction");
    expect(opens(state, { options: option(hail) }).reason).toBe("unknown faction atlantis");
    expect(opens(state, { options: option(steal) }).reason).toBe(
      "effects: iron_decrees is a chain and a style",
    );
    say(state, "realm.status", { status: "season_end" });
    expect(opens(state).reason).toBe("realm_closed");
  });

  test("at no player's word", () => {
    const asked = say(
      freshRealm(EARLY),
      "council.open",
      { faction: "empire", options: OPTIONS },
      { actor: "player" },
    );
    expect(asked.reason).toBe("not_allowed");
  });
});

describe("a vote", () => {
  test("weighs 1, 2 or 3 by what its user did in the week: less than the mean, the mean, three times the mean", () => {
    expect([50, 99, 100, 299, 300].map((points) => voteWeight(points, 100))).toEqual([1, 1, 2, 2, 3]);
  });

  test("is refused to who has less than 50 points of the week, or joined less than three days ago", () => {
    const state = freshRealm();
    plays(state, "ada", 1);
    foldCandidate(state, candidate({ atMs: START_MS, seq: ++seq }, { user_id: "bo", base_points: 1 }));
    plays(state, "cleo", 1, START_MS + 1);
    const council = opens(state);
    expect(council).toMatchObject({ seats: ["ada", "cleo", "bo"], active: 0 });
    const atMs = START_MS + 3 * DAY;
    expect(votes(state, "ada", { atMs: atMs - 1 }).reason).toBe("too_new");
    expect(votes(state, "bo", { atMs }).reason).toBe("no_points");
    expect(votes(state, "cleo", { atMs }).reason).toBe("too_new");
    expect(votes(state, "ada", { atMs })).toMatchObject({ status: "passed", council: council.command_id });
  });

  test("of who went over to the faction waits as long again", () => {
    const state = freshRealm();
    plays(state, "ada", 1, START_MS, "veilborn");
    plays(state, "bo", 1);
    const laterMs = START_MS + 14 * DAY;
    plays(state, "ada", 1, laterMs, "veilborn");
    say(state, "member.switch", { user: "ada", faction: "empire" }, { atMs: laterMs });
    opens(state, { atMs: laterMs });
    expect(votes(state, "ada", { atMs: laterMs + 3 * DAY - 1 }).reason).toBe("too_new");
    expect(votes(state, "ada", { atMs: laterMs + 3 * DAY }).status).toBe("passed");
  });

  test("weighs by the realm's mean of the week before, which is 50 points at least", () => {
    const state = freshRealm(EARLY);
    for (const user of ["bo", "cleo"]) plays(state, user, 1);
    plays(state, "ada", 2);
    const council = opens(state, { atMs: START_MS + 3_600_000 });
    // On the realm's first day there is no week before. A deed is 122 points, a second one like it some 80.
    expect(votes(state, "ada", { atMs: START_MS + 3_600_000 })).toMatchObject({ weight: 3 });
    expect(votes(state, "cleo", { atMs: START_MS + 3_600_000 })).toMatchObject({ weight: 2 });
    // On the next day the mean is of the three of them, and 122 points lie below it.
    expect(votes(state, "bo")).toMatchObject({ status: "passed", council: council.command_id, weight: 1 });
  });

  test("is one per user and council, also after the entry was laid down and read again", () => {
    const state = freshRealm(EARLY);
    plays(state, "ada", 1);
    opens(state);
    expect(votes(state, "ada", { option: 0 }).status).toBe("passed");
    expect(votes(state, "ada")).toMatchObject({ status: "refused", reason: "already_voted" });
    state.members.load("ada", state.members.text("ada")!);
    expect(votes(state, "ada").reason).toBe("already_voted");
    plays(state, "ada", 1, START_MS + 9 * DAY);
    opens(state, { atMs: START_MS + 10 * DAY });
    expect(votes(state, "ada", { atMs: START_MS + 10 * DAY }).status).toBe("passed");
  });

  test("twice in one batch is refused the second time", () => {
    const state = freshRealm(EARLY);
    plays(state, "ada", 1);
    opens(state);
    const both = [votes(state, "ada", { option: 1 }), votes(state, "ada", { option: 1 })];
    expect(both.map(({ status }) => status)).toEqual(["passed", "refused"]);
  });

  test("is for one's own faction and in one's own name alone, for an option that is there", () => {
    const state = freshRealm(EARLY);
    plays(state, "ada", 1);
    plays(state, "rival", 1, START_MS, "veilborn");
    expect(votes(state, "ada").reason).toBe("no_council");
    opens(state);
    expect(votes(state, "nobody").reason).toBe("not_a_member");
    expect(votes(state, "rival").reason).toBe("faction_mismatch");
    expect(votes(state, "ada", { option: 2 }).reason).toBe("unknown_option");
    const payload = { user: "ada", faction: "empire", option: 1 };
    expect(say(state, "council.vote", payload, { by: "bo", actor: "player" }).reason).toBe("not_allowed");
    expect(say(state, "council.vote", payload, { by: "ada", actor: "gm" }).reason).toBe("not_allowed");
    expect(votes(state, "ada").status).toBe("passed");
  });

  test("needs points of the last 7 days, and a season that isn't over", () => {
    const state = freshRealm(EARLY);
    plays(state, "ada", 1);
    opens(state);
    expect(votes(state, "ada", { atMs: START_MS + 8 * DAY }).reason).toBe("no_points");
    say(state, "realm.status", { status: "season_end" });
    expect(votes(state, "ada").reason).toBe("realm_closed");
  });

  test("leaves no trace in the memory for commands, however many there are", () => {
    const state = freshRealm(EARLY);
    const grant = say(state, "resource.grant", { faction: "empire", resource: "iron", amount: 1 });
    for (let i = 0; i < 1_100; i++) votes(state, `user-${i}`);
    const again = command(
      "resource.grant",
      { faction: "empire", resource: "iron", amount: 1 },
      { atMs: START_MS, seq },
    );
    expect(foldCommand(state, { ...again, command_id: grant.command_id }).command.reason).toBe("duplicate");
  });
});

describe("who acts for a faction", () => {
  test.each(["sovereign.propose", "sovereign.counter"] as const)(
    "%s is a member's, or a game master's",
    (kind) => {
      const state = freshRealm(EARLY);
      plays(state, "ada", 1);
      const payload = { action_type: "iron_levy", action: "a".repeat(26), stake: 1, faction: "empire" };
      const by = (by: string, faction = "empire") =>
        say(state, kind, { ...payload, faction }, { by, actor: "player" });
      expect(by("ada").status).toBe("passed");
      expect(by("nobody").reason).toBe("not_a_member");
      expect(by("ada", "veilborn").reason).toBe("faction_mismatch");
      expect(say(state, kind, payload).status).toBe("passed");
    },
  );

  test("a decree is a game master's, on what is there", () => {
    const state = freshRealm(EARLY);
    const decree = (effects: object[], actor: "gm" | "player" | "system" = "gm") =>
      say(state, "decree", { text: "So be it", effects }, { actor });
    const grey = { do: "style", id: "grey", ticks: 1 };
    expect(decree([grey]).status).toBe("passed");
    expect(decree([grey], "player").reason).toBe("not_allowed");
    expect(decree([grey], "system").reason).toBe("not_allowed");
    expect(decree([grey, grey]).reason).toBe("effects: grey stands twice");
    const clamp = { do: "modify", name: "clamp_bp", territory: "constructor", add: 1, ticks: 1 };
    expect(decree([clamp]).reason).toBe("unknown territory constructor");
  });

  test("stocks are moved by game masters and the system", () => {
    const stock = { faction: "empire", resource: "iron", amount: 1 };
    for (const kind of ["resource.grant", "resource.spend"] as const) {
      expect(say(freshRealm(EARLY), kind, stock, { actor: "player" }).reason).toBe("not_allowed");
      expect(say(freshRealm(EARLY), kind, stock, { actor: "system" }).status).toBe("passed");
    }
  });
});

test("a council outlives a change of rules", () => {
  const state = freshRealm(EARLY);
  plays(state, "ada", 1);
  const council = opens(state);
  say(state, "ruleset.set", { ruleset: EARLY });
  expect(votes(state, "ada")).toMatchObject({ status: "passed", council: council.command_id });
});

test("a new season forgets the councils of the last: each faction may open one at once, and nobody votes before", () => {
  const state = freshRealm(EARLY);
  plays(state, "ada", 1);
  opens(state);
  say(state, "season.close", {});
  say(state, "season.open", {});
  expect(votes(state, "ada").reason).toBe("no_council");
  expect(opens(state).status).toBe("passed");
  expect(votes(state, "ada").status).toBe("passed");
});
