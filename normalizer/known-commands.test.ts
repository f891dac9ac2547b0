import { describe, expect, test } from "vitest";
import { commandId } from "../shared/identity.ts";
import { cacheSpec } from "./cache.ts";
import { foldCommand } from "./core.ts";
import { evolveCommand } from "./evolve.ts";
import { command, freshRealm, START_MS, stateText } from "./given.ts";
import { initialState } from "./initial-state.ts";
import { COMMANDS_KNOWN, COMMANDS_KNOWN_MS } from "./known-commands.ts";
import type { NormalizerState } from "./state.ts";

const HOUR = 3_600_000;
const GRANT = { faction: "empire", resource: "iron", amount: 1 };

let seq = 0;
type Place = { key?: string; atMs?: number; actor?: "gm" | "system" | "player" };
/** Says a command; `key`: another key than its own. */
function say(
  state: NormalizerState,
  kind: Parameters<typeof command>[0],
  payload: object,
  { key, atMs = START_MS, actor = "gm" }: Place = {},
) {
  const said = command(kind, payload as never, { atMs, seq: ++seq, actor });
  const id = key === undefined ? {} : { idempotency_key: key, command_id: commandId("r", key) };
  return foldCommand(state, { ...said, ...id } as typeof said).command;
}
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

  test("was refused: a game master's is a duplicate, a player's is looked at again", () => {
    const state = freshRealm();
    const decree = { text: "x", effects: [] };
    expect(say(state, "decree", decree, { key: "the-decree", actor: "system" }).reason).toBe("not_allowed");
    expect(say(state, "decree", decree, { key: "the-decree" }).reason).toBe("duplicate");
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

test("with 20 000 known, players' further ones are refused rather than one forgotten; a day later there is room", () => {
  const state = freshRealm();
  say(state, "member.join", { user: "tester", faction: "empire" });
  const propose = (place: Place) =>
    say(
      state,
      "sovereign.propose",
      { action_type: "iron_levy", faction: "empire" },
      { actor: "player", ...place },
    );
  propose({ key: "the-first" });
  for (let i = 0; i < COMMANDS_KNOWN; i++) propose({});
  expect(propose({}).reason).toBe("too_many");
  expect(propose({ key: "the-first" }).reason).toBe("duplicate");
  expect(grant(state, {}).status).toBe("passed");
  expect(propose({ atMs: START_MS + COMMANDS_KNOWN_MS + HOUR }).status).toBe("passed");
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
  const commands = [commandId("r", "the-grant")];
  cacheSpec.load(old, "r.realm", JSON.stringify({ ...JSON.parse(text!), commands }));
  expect(grant(old, { key: "the-grant" }).reason).toBe("duplicate");
  expect(old.changed).toContain(`c.${START_MS / HOUR}`);
  const again = restored(old);
  expect(JSON.parse(cacheSpec.entry(again, "r.realm")!.value)).not.toHaveProperty("commands");
  expect(grant(again, { key: "the-grant", atMs: START_MS + 24 * HOUR }).reason).toBe("duplicate");
});

test("folding commands again, older than what the cache has, gives the same set", () => {
  const state = freshRealm();
  const said = [0, 3, 30, 31, 90].map((hours) => grant(state, { atMs: START_MS + hours * HOUR }));
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
