import { expect, test } from "vitest";
import { Channel } from "./feed.ts";
import { HandMadeWorld } from "./hand-made-world.ts";
import { factions, realms, standings, summary, territories } from "./read.ts";
import { RealmView } from "./realm-view.ts";

function viewOf(change: object): RealmView {
  const world = new HandMadeWorld("amoi-1");
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
  expect(standings(viewOf(shares(3_000, 4_000, 3_000))).map(({ faction }) => faction)).toEqual([
    "freeholds",
    "empire",
    "veilborn",
  ]);
});

test("a realm in maintenance has no next tick", () => {
  expect(summary(viewOf({ status: "maintenance" }))).not.toHaveProperty("next_tick_at");
});

test("factions and territories are those of the state, with their place", () => {
  const view = viewOf({});
  const place = { realm: "amoi-1", epoch: "e1", tick: 1, at: view.state.at, hash: view.hash };
  expect(factions(view)).toEqual({ ...place, factions: view.state.factions });
  expect(territories(view)).toEqual({ ...place, territories: view.state.territories });
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
