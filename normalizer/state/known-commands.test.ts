import { describe, expect, test } from "vitest";
import { commandId, earlierCommandId } from "../../shared/exact/identity.ts";
import { cacheSpec } from "../cache.ts";
import { foldCommand } from "../core.ts";
import { evolveCommand } from "../judge/evolve.ts";
import { command, freshRealm, START_MS, stateText } from "../testing/builders.ts";
import { initialState } from "./initial-state.ts";
import { COMMANDS_KNOWN, COMMANDS_KNOWN_MS, PLAYER_COMMANDS_KNOWN } from "./known-commands.ts";
import type { NormalizerState } from "./state.ts";

const HOUR = 3_600_000;
const GRANT = { faction: "empire", resource: "iron", amount: 1 };

let seq = 0;
type Place = { key?: string; atMs?: number; actor?: "gm" | "system" | "player"; player?: string };
/** Says a command; `key`: another key than its own; `player`: who says it, where it isn't the tester. */
function say(
  state: NormalizerState,
  kind: Parameters<typeof command>[0],
  payload: object,
  { key, atMs = START_MS, player, actor = player === undefined ? "gm" : "player" }: Place = {},
) {
  const said = command(kind, payload as never, { atMs, seq: ++seq, actor });
  const by = { type: actor, id: player ?? "tester" };
  const idempotency_key = key ?? said.idempotency_key;
  const id = { idempotency_key, command_id: commandId("r", by, idempotency_key) };
  return foldCommand(state, { ...said, ...id, actor: by } as typeof said).command;
}
const join = (state: NormalizerState, user: string) => say(state, "member.join", { user, faction: "empire" });
const propose = (state: NormalizerState, player: string, place: Place = {}) =>
  say(state, "sovereign.propose", { action_type: "iron_levy", faction: "empire" }, { player, ...place });
const grant = (state: NormalizerState, place: Place) => say(state, "resource.grant", GRANT, place);

/** The realm as its cache gives it back. */
function restored(state: NormalizerState): NormalizerState {
  const again = initialState("r");
  for (const [key, text] of stateText(state)) cacheSpec.load(again, key, text);
  return again;
}

describe("a command that is repeated", () => {
  test("is a duplicate however many others came in between", () => {
    const state = freshRealm();
    grant(state, { key: "the-grant" });
    for (let i = 0; i < 3_000; i++) grant(state, { atMs: START_MS + i });
    expect(grant(state, { key: "the-grant", atMs: START_MS + HOUR }).reason).toBe("duplicate");
  });

  test("is a duplicate for 25 h, after a restart too", () => {
    const state = freshRealm();
    grant(state, { key: "the-grant", atMs: START_MS + HOUR - 1 });
    grant(state, { atMs: START_MS + 20 * HOUR });
    const atMs = START_MS + HOUR - 1 + COMMANDS_KNOWN_MS;
    for (const each of [restored(state), state])
      expect(grant(each, { key: "the-grant", atMs }).reason).toBe("duplicate");
    expect(grant(state, { key: "the-grant", atMs: atMs + HOUR }).status).toBe("passed");
  });

  test("was refused: what is trusted is a duplicate, a player's is looked at again", () => {
    const state = freshRealm();
    const decree = { text: "x", effects: [] };
    expect(say(state, "decree", decree, { key: "the-decree", actor: "system" }).reason).toBe("not_allowed");
    expect(say(state, "decree", decree, { key: "the-decree", actor: "system" }).reason).toBe("duplicate");
    const counter = { action: "a".repeat(26), faction: "empire", stake: 1 };
    const place: Place = { key: "the-counter", actor: "player" };
    expect(say(state, "sovereign.counter", counter, place).reason).toBe("not_a_member");
    say(state, "member.join", { user: "tester", faction: "empire" });
    expect(say(state, "sovereign.counter", counter, place).status).toBe("passed");
    expect(say(state, "sovereign.counter", counter, place).reason).toBe("duplicate");
  });
});

test("crowds that join and what is refused of players take no place among the commands that are known", () => {
  const state = freshRealm();
  const before = stateText(state).find(([key]) => key.startsWith("c."));
  for (let i = 0; i < 100; i++) {
    say(state, "member.join", { user: `user-${i}`, faction: "empire" });
    say(state, "sovereign.counter", { action: "a", faction: "empire", stake: 1 }, { actor: "player" });
  }
  expect(stateText(state).find(([key]) => key.startsWith("c."))).toEqual(before);
});

test("a player can't use up the key under which the system will speak, and the system's own repeat is known", () => {
  const state = freshRealm();
  join(state, "mallory");
  const key = "season.close.1.5376";
  expect(propose(state, "mallory", { key }).status).toBe("passed");
  expect(propose(state, "mallory", { key }).reason).toBe("duplicate");
  const close = (each: NormalizerState) => say(each, "season.close", {}, { key, actor: "system" });
  expect(close(state).status).toBe("passed");
  for (const each of [restored(state), state]) expect(close(each).reason).toBe("duplicate");
});

test("a player who asks on and on is refused after 64 of 25 h, after a restart too, and nobody else is", () => {
  const state = freshRealm();
  for (const user of ["flood", "bo"]) join(state, user);
  propose(state, "flood", { key: "the-first" });
  for (let i = 1; i < PLAYER_COMMANDS_KNOWN; i++)
    expect(propose(state, "flood", { atMs: START_MS + i * 60_000 }).status).toBe("passed");
  const atMs = START_MS + 20 * HOUR;
  for (const each of [restored(state), state]) {
    expect(propose(each, "flood", { atMs }).reason).toBe("too_many");
    expect(propose(each, "flood", { atMs, key: "the-first" }).reason).toBe("duplicate");
    expect(propose(each, "bo", { atMs }).status).toBe("passed");
    expect(propose(each, "flood", { atMs: START_MS + COMMANDS_KNOWN_MS + 2 * HOUR }).status).toBe("passed");
  }
});

test("with 20 000 known, players' further ones are refused rather than one forgotten; a day later there is room", () => {
  const state = freshRealm();
  const crowd = Array.from({ length: 320 }, (_, i) => `member-${i}`);
  for (const user of crowd) join(state, user);
  propose(state, "member-0", { key: "the-first" });
  for (let i = 1; i < COMMANDS_KNOWN; i++) propose(state, crowd[i % crowd.length]!);
  expect(propose(state, "member-1").reason).toBe("too_many");
  expect(propose(state, "member-0", { key: "the-first" }).reason).toBe("duplicate");
  expect(grant(state, {}).status).toBe("passed");
  expect(propose(state, "member-1", { atMs: START_MS + COMMANDS_KNOWN_MS + HOUR }).status).toBe("passed");
});

test("an hour that an older cache wrote counts for the realm, and for no player", () => {
  const state = freshRealm();
  join(state, "bo");
  const marks = Array.from({ length: COMMANDS_KNOWN - 2 }, (_, i) => i);
  cacheSpec.load(state, `c.${START_MS / HOUR}`, JSON.stringify(marks));
  expect(propose(state, "bo").status).toBe("passed");
  expect(propose(state, "bo").reason).toBe("too_many");
});

test("the entry of the realm doesn't grow with its commands; the hour's takes 17 bytes for each", () => {
  const state = freshRealm();
  const realm = () => cacheSpec.entry(state, "r.realm")!.value.length;
  const before = realm();
  for (let i = 0; i < 1_000; i++) grant(state, {});
  expect(realm()).toBeLessThan(before + 10);
  const hour = cacheSpec.entry(state, `c.${START_MS / HOUR}`)!;
  expect(hour.value.length).toBeLessThan(17_100);
  expect(hour.ttlSeconds).toBeGreaterThan(COMMANDS_KNOWN_MS / 1_000 + 7 * 86_400);
});

test("commands in the realm's entry of an older cache are known, and count as of the first one after", () => {
  const [text] = stateText(freshRealm()).flatMap(([key, value]) => (key === "r.realm" ? [value] : []));
  const old = initialState("r");
  const commands = [commandId("r", { type: "gm", id: "tester" }, "the-grant")];
  cacheSpec.load(old, "r.realm", JSON.stringify({ ...JSON.parse(text!), commands }));
  expect(grant(old, { key: "the-grant" }).reason).toBe("duplicate");
  expect(old.changed).toContain(`c.${START_MS / HOUR}`);
  const again = restored(old);
  expect(JSON.parse(cacheSpec.entry(again, "r.realm")!.value)).not.toHaveProperty("commands");
  expect(grant(again, { key: "the-grant", atMs: START_MS + 24 * HOUR }).reason).toBe("duplicate");
});

test("a key of the steward's or an operator's is used up by no player, and a player's by no other player", () => {
  const state = freshRealm();
  for (const user of ["bo", "cleo"]) join(state, user);
  const key = "campaign.open.siege_call.13";
  propose(state, "bo", { key });
  for (const actor of ["gm", "system"] as const) expect(grant(state, { key, actor }).status).toBe("passed");
  expect(propose(state, "cleo", { key }).status).toBe("passed");
  for (const player of ["bo", "cleo"]) expect(propose(state, player, { key }).reason).toBe("duplicate");
});

test("what a player said to the earlier release, with one space of keys for all, is known as theirs alone", () => {
  const state = freshRealm();
  for (const user of ["bo", "cleo"]) join(state, user);
  const said = propose(state, "bo", { key: "the-levy" });
  const earlier = restored(freshRealm());
  for (const user of ["bo", "cleo"]) join(earlier, user);
  evolveCommand(earlier, { ...said, command_id: earlierCommandId("r", "the-levy") });
  for (const each of [earlier, restored(earlier)]) {
    expect(propose(each, "bo", { key: "the-levy" }).reason).toBe("duplicate");
    expect(propose(each, "cleo", { key: "the-levy" }).status).toBe("passed");
    expect(grant(each, { key: "the-levy" }).status).toBe("passed");
  }
});

test("receipts and daily activity are applied, and leave nothing behind in any entry", () => {
  const state = freshRealm();
  join(state, "bo");
  const before = stateText(state);
  const receipt = { chapter: "c1", rev: 1, ticket: "t", cites: [], claims: [] };
  for (const [kind, payload] of [
    ["chapter.receipt", receipt],
    ["activity.daily", { day: "2026-03-01" }],
  ] as const)
    for (const _ of [1, 2])
      expect(say(state, kind, payload, { key: "the-same-key", player: "bo" }).status).toBe("applied");
  expect(stateText(state)).toEqual(before);
});

test("folding commands again, older than what the cache has, gives the same set", () => {
  const state = freshRealm();
  join(state, "bo");
  const said = [0, 3, 30, 31, 90].flatMap((hours) => {
    const atMs = START_MS + hours * HOUR;
    return [propose(state, "bo", { atMs }), grant(state, { atMs }), propose(state, "bo", { atMs })];
  });
  const again = restored(state);
  for (const each of said) evolveCommand(again, each);
  expect(stateText(again)).toEqual(stateText(state));
});

test("an hour that KV still holds and the realm has forgotten is not taken up again", () => {
  const state = freshRealm();
  grant(state, { atMs: START_MS + 90 * HOUR });
  const again = restored(state);
  cacheSpec.load(again, `c.${START_MS / HOUR}`, "[1]");
  expect(stateText(again)).toEqual(stateText(state));
});
