import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import { cacheSpec } from "../cache.ts";
import { foldCommand } from "../core.ts";
import { evolveCommand } from "../judge/evolve.ts";
import { command, freshRealm, START_MS, stateText } from "../testing/builders.ts";
import { initialState } from "./initial-state.ts";
import { COMMANDS_KNOWN_MS, PLAYER_COMMANDS_KNOWN } from "./known-commands.ts";
import type { NormalizerState } from "./state.ts";

const PLAYERS = ["ada", "bo", "constructor"] as const;
const said = fc.array(
  fc.record({
    by: fc.constantFrom(...PLAYERS, "gm"),
    /** So many one after the other; `again`: under the keys of earlier ones. */
    times: fc.integer({ min: 1, max: 40 }),
    again: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 9 * 3_600_000 }),
  }),
  { minLength: 1, maxLength: 25 },
);

function* commands(said: readonly { by: string; times: number; again: boolean; waitMs: number }[]) {
  let atMs = START_MS;
  let seq = 100;
  for (const { by, times, again, waitMs } of said) {
    atMs += waitMs;
    for (let n = 0; n < times; n++) {
      seq++;
      const place = { atMs, seq };
      const key = again ? { command_id: command("tick.run", {}, { atMs, seq: seq - 30 }).command_id } : {};
      if (by === "gm") yield { ...command("tick.run", {}, place), ...key };
      else
        yield {
          ...command("sovereign.propose", { action_type: "iron_levy", faction: "empire" }, place),
          ...key,
          actor: { type: "player" as const, id: by },
        };
    }
  }
}

/** A realm whose players all belong to the faction that they ask for. */
function peopled(): NormalizerState {
  const state = freshRealm();
  for (const [i, user] of PLAYERS.entries())
    foldCommand(state, command("member.join", { user, faction: "empire" }, { atMs: START_MS, seq: 1 + i }));
  return state;
}

test("no player has more than 64 known within 25 h, and a restart from entries of any age decides the same", () => {
  fc.assert(
    fc.property(said, fc.nat(), fc.nat(), (said, one, other) => {
      const all = [...commands(said)];
      const [flushed, restart] = [one % all.length, other % all.length].sort((a, b) => a - b);
      const state = peopled();
      let older: [key: string, text: string][] = [];
      let newer = older;
      const decided: DecidedCommand[] = [];
      for (const [i, each] of all.entries()) {
        if (i === flushed) older = stateText(state);
        if (i === restart) newer = stateText(state);
        decided.push(foldCommand(state, each).command);
      }

      // Every second entry was flushed once more before the restart.
      const again = initialState("r");
      const late = new Map(newer.filter((_, i) => i % 2 === 0));
      for (const [key, text] of new Map([...older, ...late])) cacheSpec.load(again, key, text);
      for (const each of decided.slice(flushed, restart)) evolveCommand(again, each);
      expect(all.slice(restart!).map((each) => foldCommand(again, each).command)).toEqual(
        decided.slice(restart),
      );

      for (const player of PLAYERS) {
        const passed = decided.filter(({ actor, status }) => actor.id === player && status === "passed");
        const times = passed.map(({ received_at }) => Date.parse(received_at));
        for (const [i, atMs] of times.entries())
          if (i >= PLAYER_COMMANDS_KNOWN)
            expect(atMs - times[i - PLAYER_COMMANDS_KNOWN]!).toBeGreaterThan(COMMANDS_KNOWN_MS);
      }
    }),
    { numRuns: runs(200) },
  );
});
