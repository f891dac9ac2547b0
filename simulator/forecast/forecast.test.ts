import { beforeAll, describe, expect, test } from "vitest";
import type { TerritoryForecast } from "../../shared/contracts/forecast.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { foldAccepted, openFolding } from "../steps/fold.ts";
import { accepted, frozen, standing, started } from "../testing/builders.ts";
import { forecast, HORIZON_TICKS, MIN_TICKS } from "./forecast.ts";
import { type PointsSample, pointsSampleOf } from "./pressure.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = await loadRuleset("amoi-1");
});

/** Ticks in which `users` of the freeholds each push iron_gate with 60 points. */
function pushes(users: number, ticks = 2 * MIN_TICKS): PointsSample[] {
  return Array.from({ length: ticks }, (_, i) => {
    const folding = openFolding();
    for (let user = 0; user < users; user++)
      foldAccepted(
        folding,
        accepted({
          event_id: `e${user}`,
          user_id: `u${user}`,
          faction_id: "freeholds",
          event_type: "territory_push",
          territory_id: "iron_gate",
          normalized_points: 60_000,
        }),
      );
    return pointsSampleOf(i + 1, folding, rules);
  });
}
/** The gate is about to fall: one more tick like the ones before gives the lead that a flip takes. */
const nearlyLost = () =>
  standing(started(rules), ({ public: world }) => {
    world.tick = 20;
    world.territories.iron_gate!.control = { empire: 4_000, freeholds: 4_900, veilborn: 1_100 };
    world.territories.iron_gate!.contested = 1;
  }).state;

function made(state = nearlyLost(), recent = pushes(10), options = {}): Record<string, TerritoryForecast> {
  const steps = forecast(frozen(state), "0123456789abcdef", recent, { futures: 20, ...options });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

describe("a forecast", () => {
  test("names the tick and the winner where nothing but one can come", () => {
    const { iron_gate } = made();
    expect(iron_gate).toMatchObject({
      probability_bp: 10_000,
      until_tick: 20 + HORIZON_TICKS,
      to: "freeholds",
    });
    expect(iron_gate!.tick! - 20).toBeLessThan(6);
    expect(iron_gate!.low).toBeLessThanOrEqual(iron_gate!.tick!);
    expect(iron_gate!.high).toBeGreaterThanOrEqual(iron_gate!.tick!);
  });

  test("says nothing of quiet land, and of contested land that it holds", () => {
    expect(Object.keys(made())).toEqual(["iron_gate"]);
    expect(made(nearlyLost(), pushes(0)).iron_gate).toEqual({
      probability_bp: 0,
      until_tick: 20 + HORIZON_TICKS,
    });
  });

  test("is the same for the same state and pressure, and draws otherwise for another hash", () => {
    const uneven = [...pushes(0, 8), ...pushes(3, 8)];
    const ofHash = (hash: string) => {
      const steps = forecast(nearlyLost(), hash, uneven, { futures: 20, horizon: 32 });
      for (;;) {
        const step = steps.next();
        if (step.done) return JSON.stringify(step.value);
      }
    };
    expect(ofHash("00000001")).toBe(ofHash("00000001"));
    const several = new Set(["00000001", "00000002", "00000003"].map(ofHash));
    expect(several.size).toBeGreaterThan(1);
  });

  test("is none without enough ticks of pressure, and none while the realm stands still", () => {
    expect(made(nearlyLost(), pushes(10, MIN_TICKS - 1))).toEqual({});
    const closed = standing({ state: nearlyLost(), record: started(rules).record }, ({ public: world }) => {
      world.status = "maintenance";
    });
    expect(made(closed.state)).toEqual({});
  });
});
