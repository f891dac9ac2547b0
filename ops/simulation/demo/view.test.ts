import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { Chronicle } from "./chronicle.ts";
import { picture, plainLine, type Scene, summary } from "./view.ts";

/** After tick 4, in which a territory fell, a trigger fired and a burst cap cut 2.5 points off. */
async function scene(): Promise<Scene> {
  const { state, record } = genesis("amoi-1", await loadRuleset("demo"), "2025-01-15T12:00:00.000Z");
  const chronicle = new Chronicle();
  const fourth: TickRecord = {
    ...record,
    kind: "scheduled",
    tick: 4,
    public_hash: "abc",
    factions: {
      empire: { sum: 5_500, cap: 3_000, gain_bp: 0 },
      freeholds: { sum: 1, cap: 3_000, gain_bp: 0 },
    },
    events: [
      { tick: 4, n: 1, kind: "flip", territory: "hollow_cross", to: "empire" },
      { tick: 4, n: 2, kind: "trigger", key: "age_of_iron" },
      {
        tick: 4,
        n: 3,
        kind: "effect_start",
        id: "iron_austerity",
        effect: { kind: "style", source: "t", until_tick: 9 },
      },
    ],
  };
  chronicle.add(fourth);
  return {
    realm: "amoi-1",
    feedUrl: "ws://127.0.0.1:8080/feed/amoi-1",
    pageUrl: "http://127.0.0.1:8080/",
    ticksWanted: 40,
    figures: {
      received: 1_234_567,
      accepted: 1_200_000,
      quarantined: 0,
      rejected: 34_567,
      clippedMilli: 500,
      lag: new Map([["ingest", 3]]),
    },
    perSecond: 120,
    chronicle,
    state: { ...state.public, tick: 4 },
  };
}

test("a plain line tells a tick in full", async () => {
  expect(plainLine(await scene())).toBe(
    "tick 4 · in 1234567 · accepted 1200000 · quarantined 0 · rejected 34567 · capped 3 pt · lag 3 · " +
      "shares empire 33.3 %, freeholds 33.3 %, veilborn 33.3 % · " +
      "controllers crown_fields empire, hollow_cross nobody, iron_gate empire, mist_fen veilborn, " +
      "moon_stair veilborn, river_mouth freeholds, salt_terrace freeholds · " +
      "tick 4: hollow_cross falls to empire · tick 4: age_of_iron begins",
  );
});

test("a feed that stands still is told", async () => {
  const lagging = await scene();
  lagging.state = { ...lagging.state!, tick: 1 };
  expect(plainLine(lagging)).toContain(" · feed at tick 1 · ");
});

test("the live picture fits into a terminal of 24 lines and 100 columns", async () => {
  const lines = stripVTControlCharacters(picture(await scene())).split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines.join("\n")).toContain("1 234 567 (120/s)");
  expect(lines.join("\n")).toContain("empire 70.0 %");
});

test("the summary counts what changed", async () => {
  expect(summary(await scene(), 12.4)).toContain("territories that changed hands: 1; triggers: age_of_iron");
});
