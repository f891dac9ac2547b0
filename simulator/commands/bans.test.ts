import { expect, test } from "vitest";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";

test("the public log tells by whom and until when there is a ban, and never of whom", async () => {
  const from = started(await loadRuleset("amoi-1"));
  const until = "2030-01-01T00:00:00.000Z";
  const [banned, untouched] = [
    play(from, [
      {
        commands: [
          passed("user.ban", { user: "ada", until, note: "a bot" }, 1),
          passed("user.unban", { user: "ada", note: "no bot" }, 2),
        ],
      },
    ]),
    play(from, [{}]),
  ];
  expect(banned[0]!.record.events).toMatchObject([
    { kind: "ban", author: "gm", until },
    { kind: "unban", author: "gm" },
  ]);
  expect(JSON.stringify(banned[0]!.record)).not.toContain("ada");
  expect(banned[0]!.state.public).toEqual(untouched[0]!.state.public);
});
