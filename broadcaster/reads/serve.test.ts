import { expect, test } from "vitest";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { Channel } from "../feed/channel.ts";
import { RealmView } from "../realm/realm-view.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { PARTS } from "./catalogue.ts";
import { eventPage, factions, forecast, realms, standings, summary, territories } from "./projections.ts";

function viewOf(change: object): RealmView {
  const world = new ScriptedWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  view.advance(world.tick(change).delta);
  return view;
}
const shares = (empire: number, freeholds: number, veilborn: number) => ({
  factions: {
    empire: { share_bp: empire },
    freeholds: { share_bp: freeholds },
    veilborn: { share_bp: veilborn },
  },
});

test("the summary says who leads, who controls what and when the next tick is due", () => {
  const view = viewOf(shares(2_000, 5_000, 3_000));
  expect(summary(view)).toEqual({
    realm: "amoi-1",
    epoch: "e1",
    tick: 1,
    at: "2025-01-01T00:00:03.000Z",
    hash: view.hash,
    season: 1,
    status: "active",
    meters: { global_tension: 0, catastrophe_meter: 0 },
    standings: [
      { faction: "freeholds", share_bp: 5_000, trend_bp: 0 },
      { faction: "veilborn", share_bp: 3_000, trend_bp: 0 },
      { faction: "empire", share_bp: 2_000, trend_bp: 0 },
    ],
    controllers: {
      crown_fields: "empire",
      iron_gate: "empire",
      mist_fen: "veilborn",
      moon_stair: "veilborn",
      river_mouth: "freeholds",
      salt_terrace: "freeholds",
    },
    effects: {},
    next_tick_at: "2025-01-01T00:00:06.000Z",
  });
});

test("equal shares stand in order of id", () => {
  expect(standings(viewOf(shares(3_000, 4_000, 3_000)).state).map(({ faction }) => faction)).toEqual([
    "freeholds",
    "empire",
    "veilborn",
  ]);
});

test("a realm in maintenance has no next tick", () => {
  expect(summary(viewOf({ status: "maintenance" }))).not.toHaveProperty("next_tick_at");
});

test("factions and territories are those of the state, with their place", () => {
  const view = new RealmView(new ScriptedWorld("amoi-1").snapshot, "e1");
  const place = { realm: "amoi-1", epoch: "e1", tick: 0, at: view.state.at, hash: view.hash };
  expect(factions(view)).toEqual({ ...place, factions: view.state.factions });
  expect(territories(view)).toEqual({ ...place, territories: view.state.territories });
});

test("a territory tells what the last tick moved and what weighs in the next one", () => {
  const view = viewOf({
    factions: { freeholds: { modifiers: { push_weight_bp: -800 } } },
    territories: {
      iron_gate: { control: { empire: 6_901, freeholds: 1_620, veilborn: 1_479 }, instability: 120 },
    },
  });
  expect(territories(view).territories.iron_gate).toMatchObject({
    rates: {
      instability_bp: 120,
      fading_bp: 6,
      clamp_bp: 0,
      factions: {
        // The holder of the place and of a neighbour pushes harder: 10 000 + 400 + 500, and its share is average.
        empire: { control_bp: -99, weight_bp: 10_900, modifier_bp: 0 },
        freeholds: { control_bp: 120, weight_bp: 9_200, modifier_bp: -800 },
        veilborn: { control_bp: -21, weight_bp: 10_400, modifier_bp: 0 },
      },
    },
  });
});

test("a faction tells what came and what faded; not across a season, which begins with less", () => {
  const world = new ScriptedWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  view.advance(world.tick({ factions: { empire: { influence: 1_000_000 } } }).delta);
  // The demo's decay takes 100 bp a tick: 10 000, and 9 500 came.
  view.advance(world.tick({ factions: { empire: { influence: 999_500 } } }).delta);
  expect(factions(view).factions.empire).toMatchObject({ rates: { gain: 9_500, decay: 10_000 } });
  view.advance(world.tick({ season: 2, factions: { empire: { influence: 99_950 } } }).delta);
  expect(factions(view).factions.empire).not.toHaveProperty("rates");
});

test("a part of the state is that part, and the whole is what its hash says", () => {
  const view = viewOf({ relics: { tide_bell: { holder: "empire" } } });
  const place = { realm: "amoi-1", epoch: "e1", tick: 1, at: view.state.at, hash: view.hash };
  for (const name of ["relics", "triggers", "effects", "campaigns", "actions", "councils"] as const)
    expect(PARTS[name].of(view)).toEqual({ ...place, [name]: view.state[name] });
  expect(PARTS.resources.of(view).resources.empire).toEqual({ aether: 0, grain: 0, iron: 0 });
  expect(canonicalHash(PARTS.state.of(view).state)).toBe(view.hash);
});

test("a season tells when it ends, and once it is over, what the next one begins with", () => {
  const world = new ScriptedWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  expect(PARTS.season.of(view)).toMatchObject({ season: 1, calendar: { started_tick: 0, ends_tick: 5_376 } });
  expect(PARTS.season.of(view)).not.toHaveProperty("next");
  view.advance(
    world.tick({
      calendar: { ends_tick: null, closed_tick: 1, opens_tick: 97 },
      factions: { empire: { influence: 30_000, resources: { iron: 1_000 } } },
      territories: {
        iron_gate: { controller: "freeholds", control: { empire: 1_000, freeholds: 9_000, veilborn: 0 } },
      },
    }).delta,
  );
  const told = PARTS.season.body.parse(PARTS.season.of(view));
  expect(told.calendar).toEqual({ started_tick: 0, closed_tick: 1, opens_tick: 97 });
  expect(told.next!.factions.empire).toMatchObject({ influence: 3_000, resources: { iron: 200 } });
  expect(told.next!.territories.iron_gate).toEqual({
    controller: "freeholds",
    control: { empire: 4_000, freeholds: 5_250, veilborn: 750 },
  });
});

test("the log is paged from any place, and says where to go on", () => {
  const log = [1, 1, 2, 5].map((tick, i) => ({
    tick,
    n: i === 1 ? 2 : 1,
    kind: "status" as const,
    status: "active" as const,
  }));
  const placesFrom = (tick: number, n: number, limit = 10) => {
    const { events, next } = eventPage(log, { tick, n }, limit);
    return [...events.map((event) => `${event.tick}.${event.n}`), `next ${next}`];
  };
  expect(placesFrom(0, 0)).toEqual(["1.1", "1.2", "2.1", "5.1", "next 5.1"]);
  expect(placesFrom(0, 0, 2)).toEqual(["1.1", "1.2", "next 1.2"]);
  expect(placesFrom(1, 1)).toEqual(["1.2", "2.1", "5.1", "next 5.1"]);
  expect(placesFrom(2, 9)).toEqual(["5.1", "next 5.1"]);
  expect(placesFrom(5, 1)).toEqual(["next 5.1"]);
});

test("a realm that isn't restored yet is not listed", () => {
  const restored = new Channel("amoi-1", () => {});
  restored.name = "Amoi";
  restored.restored(viewOf({}));
  const channels = new Map([
    ["b", new Channel("b", () => {})],
    ["amoi-1", restored],
  ]);
  expect(realms(channels)).toEqual({
    realms: [
      {
        realm: "amoi-1",
        name: "Amoi",
        status: "active",
        season: 1,
        tick: 1,
        at: "2025-01-01T00:00:03.000Z",
        hash: restored.view?.hash,
        next_tick_at: "2025-01-01T00:00:06.000Z",
      },
    ],
  });
});

test("a territory has the forecast of this realm's past, until it is about nothing but the past", () => {
  const world = new ScriptedWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  const iron_gate = { probability_bp: 9_000, until_tick: 2, to: "freeholds", tick: 2 };
  const forecast = { realm: "amoi-1", tick: 0, hash: view.hash, territories: { iron_gate } };
  view.forecast = forecast;
  expect(territories(view).territories.iron_gate).toMatchObject({
    forecast: { ...iron_gate, as_of_tick: 0 },
  });
  expect(territories(view).territories.mist_fen).not.toHaveProperty("forecast");
  view.forecast = { ...forecast, hash: "0".repeat(64) };
  expect(territories(view).territories.iron_gate).not.toHaveProperty("forecast");
  view.advance(world.tick({}).delta);
  view.forecast = { ...forecast, tick: 1, hash: view.hash };
  expect(territories(view).territories.iron_gate).toMatchObject({ forecast: { as_of_tick: 1 } });
  view.advance(world.tick({}).delta);
  expect(territories(view).territories.iron_gate).not.toHaveProperty("forecast");
});

test("a forecast says its age, and is gone rather than older than four ticks; its record stays", () => {
  const world = new ScriptedWorld("amoi-1");
  const view = new RealmView(world.snapshot, "e1");
  const iron_gate = { probability_bp: 9_000, until_tick: 96 };
  const record = { scored: 40, skill_bp: 2_100, coverage_bp: 8_100 };
  view.advance(world.tick({}).delta);
  view.forecast = { realm: "amoi-1", tick: 1, hash: view.hash, territories: { iron_gate }, record };
  for (let age = 0; age <= 4; age++) {
    expect(forecast(view)).toMatchObject({
      tick: 1 + age,
      territories: { iron_gate: { probability_bp: 9_000, as_of_tick: 1, age_ticks: age } },
      record,
    });
    view.advance(world.tick({}).delta);
  }
  expect(forecast(view)).not.toHaveProperty("territories");
  expect(forecast(view)).toMatchObject({ record });
  expect(territories(view).territories.iron_gate).not.toHaveProperty("forecast");
});
