import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { NoticesPart } from "../../shared/contracts/notice.ts";
import { SettledCommandsPart } from "../../shared/contracts/settled-command.ts";
import { TickRecord, WorldDelta, WorldSnapshot } from "../../shared/contracts/world.ts";
import { commandId } from "../../shared/exact/identity.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { commandsParts } from "../commands/parts.ts";
import { noticeParts } from "../notices/parts.ts";
import type { TickResult } from "../tick-result.ts";
import { histories } from "./arbitraries.ts";
import { play, REALM, started } from "./builders.ts";
import { live, politicalSessions } from "./politics-arbitraries.ts";

const DEMO = await loadRuleset("demo");
const CASES = runs(60);

/** Everything that a tick writes is what its contract says, to the last field. */
function expectKept({ record, delta, snapshot, notices, settled }: TickResult): void {
  const { public: shown, private: privateState } = snapshot.state;
  const written = [
    [TickRecord, record],
    [WorldDelta, delta],
    // Rules of tests may go faster than a ruleset lets them.
    [WorldSnapshot, { ...snapshot, state: { public: shown, private: { ...privateState, ruleset: DEMO } } }],
    ...commandsParts(REALM, record.tick, settled).map(
      (part) => [SettledCommandsPart, JSON.parse(part)] as const,
    ),
    ...noticeParts(REALM, record.tick, notices).map((part) => [NoticesPart, JSON.parse(part)] as const),
  ] as const;
  for (const [schema, body] of written) {
    // Tests call commands by their place in the log.
    const said = JSON.stringify(body).replace(
      /"command-\d+/g,
      (key) => `"${commandId(REALM, { type: "gm", id: "tester" }, key)}`,
    );
    const known = JSON.parse(said);
    expect(schema.parse(known)).toEqual(known);
  }
}

test("whatever players bring under whatever rules, a tick writes what the contracts say", () => {
  fc.assert(
    fc.property(histories(), ({ rules, intervals }) => {
      for (const tick of play(started(rules), intervals)) expectKept(tick);
    }),
    { numRuns: CASES },
  );
});

test("whatever factions decide, a tick writes what the contracts say", () => {
  fc.assert(
    fc.property(politicalSessions(), (life) => {
      for (const tick of live(life)) expectKept(tick);
    }),
    { numRuns: CASES },
  );
});
