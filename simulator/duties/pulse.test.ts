import { expect, test } from "vitest";
import { Pulse } from "../../shared/contracts/feed.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { type SimulatorState, stateOf } from "../advance.ts";
import { foldAccepted, foldCommand, openFolding } from "../steps/fold.ts";
import { accepted, decided, START_MS, started } from "../testing/builders.ts";
import { Gauge } from "./pulse.ts";

const rules = { ...(await loadRuleset("amoi-1")), tick_seconds: 900 };
const fresh = (): SimulatorState => stateOf(started(rules).snapshot);

function push(state: SimulatorState, faction_id: string, normalized_points: number): void {
  foldAccepted(
    state.folding,
    accepted({ faction_id, event_type: "territory_push", territory_id: "iron_gate", normalized_points }),
  );
}

test("each territory shows each faction's push in three bands: under 10 pt, under 100 pt, more", () => {
  const state = fresh();
  const gauge = new Gauge();
  const bandAfter = (points: number) => {
    push(state, "empire", points);
    return gauge.read(state, START_MS)!.pressure.iron_gate!.empire;
  };
  expect([bandAfter(9_999), bandAfter(1), bandAfter(89_999), bandAfter(1)]).toEqual([0, 1, 1, 2]);
  const { pressure, ...place } = Pulse.parse(gauge.read(state, START_MS));
  expect(place).toEqual({ realm: "amoi-1", next_tick: 1, next_at: "2026-01-01T00:15:00.000Z" });
  expect(pressure.iron_gate).toEqual({ empire: 2, freeholds: 0, veilborn: 0 });
  expect(pressure.mist_fen).toEqual({ empire: 0, freeholds: 0, veilborn: 0 });
  expect(Object.keys(pressure)).toEqual(Object.keys(rules.territories).sort());
});

test("in the last tenth of the tick it stays what it was, and it starts anew with the next one", () => {
  const state = fresh();
  const gauge = new Gauge();
  const at = (seconds: number) => gauge.read(state, START_MS + seconds * 1_000)?.pressure.iron_gate?.empire;
  push(state, "empire", 50_000);
  expect(at(809)).toBe(1);
  push(state, "empire", 90_000);
  expect([at(810), at(899), at(1_000)]).toEqual([1, 1, 1]);
  state.world = {
    ...state.world,
    public: { ...state.world.public, tick: 1, at: new Date(START_MS + 900_000).toISOString() },
  };
  state.folding = openFolding();
  expect(at(901)).toBe(0);
});

test("one who takes a realm over in the last tenth doesn't tell what came in it", () => {
  const state = fresh();
  push(state, "empire", 50_000);
  expect(new Gauge().read(state, START_MS + 850_000)).toBeUndefined();
});

test("a realm in maintenance has no pulse", () => {
  const state = fresh();
  foldCommand(state.folding, decided({ kind: "realm.status", payload: { status: "maintenance" } }));
  expect(new Gauge().read(state, START_MS)).toBeUndefined();
});
