import { beforeAll, expect, test } from "vitest";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { accepted, asInExamples, type Interval, play, standing, started } from "../testing/builders.ts";

let rules: Ruleset;
beforeAll(async () => {
  rules = asInExamples(await loadRuleset("amoi-1"));
});

/** Points claimed on the Ember Crown at Crown Fields, where the empire has 5500 bp and the veilborn 1500. */
const claims = (points: Record<string, number>): Interval => ({
  events: Object.entries(points).map(([faction_id, each]) =>
    accepted({
      event_id: faction_id,
      event_type: "relic_claim",
      relic_id: "ember_crown",
      faction_id,
      normalized_points: each * 1_000,
    }),
  ),
});
const crown = (results: ReturnType<typeof play>) =>
  results.map(({ state }) => [
    state.public.relics.ember_crown!.holder,
    state.public.relics.ember_crown!.contested,
  ]);

test("claims gather and fade by 5 % a tick", () => {
  const [first, second] = play(started(rules), [claims({ empire: 100, freeholds: 10 }), {}]);
  expect(first!.state.private.claims.ember_crown).toEqual({ points: { empire: 100_000, freeholds: 10_000 } });
  expect(second!.state.private.claims.ember_crown).toEqual({ points: { empire: 95_000, freeholds: 9_500 } });
});

test("contested: a second faction with 30 pt and a quarter of the first, in this very tick", () => {
  const contested = (points: Record<string, number>) => crown(play(started(rules), [claims(points)]))[0]![1];
  expect(contested({ empire: 120, freeholds: 30 })).toBe(1);
  expect(contested({ empire: 121, freeholds: 30 })).toBe(0);
  expect(contested({ empire: 29, freeholds: 29 })).toBe(0);
  expect(contested({ empire: 500 })).toBe(0);
  expect(crown(play(started(rules), [claims({ empire: 40, freeholds: 40 }), {}]))[1]).toEqual([undefined, 0]);
});

test("2000 pt of uncontested claim capture the relic, reset the claims and add to the push from the next tick", () => {
  const all = play(started(rules), [...Array(4).fill(claims({ empire: 600 })), {}]);
  expect(crown(all)).toEqual([...Array(3).fill([undefined, 0]), ["empire", 0], ["empire", 0]]);
  expect(all[3]!.record.events).toEqual([
    {
      ...{ tick: 4, n: 1, kind: "capture", relic: "ember_crown", faction: "empire" },
      cause: {
        territory: "crown_fields",
        factions: {
          empire: { held: 1_711_500, brought: 600_000, claim_bp: 0, claim: 2_225_925, control_bp: 5_500 },
        },
      },
    },
  ]);
  expect(all[3]!.state.private.claims.ember_crown).toEqual({ points: {}, last_capture_tick: 4 });
  expect(all[3]!.state.public.factions.empire!.modifiers).toEqual({});
  expect(all[4]!.state.public.factions.empire!.modifiers).toEqual({ push_weight_bp: 300 });
});

const claimed = (
  points: Record<string, number>,
  more: { holder?: string; last_capture_tick?: number } = {},
) =>
  standing(started(rules), ({ public: world, private: privateState }) => {
    const { holder, ...rest } = more;
    world.tick = 199;
    if (holder !== undefined) world.relics.ember_crown!.holder = holder;
    privateState.claims.ember_crown = {
      points: Object.fromEntries(Object.entries(points).map(([id, each]) => [id, each * 1_000])),
      ...rest,
    };
  });

test.each([
  ["2106 pt, 2000 after fading", claimed.bind(null, { empire: 2_106 }), {}, "empire"],
  ["2000 pt to the last thousandth", claimed.bind(null, { empire: 2_105 }), { empire: 0.25 }, "empire"],
  ["too small a claim", claimed.bind(null, { empire: 2_105 }), {}, undefined],
  ["a quarter ahead of the next", claimed.bind(null, { empire: 5_000, freeholds: 4_000 }), {}, "empire"],
  ["not a quarter ahead", claimed.bind(null, { empire: 5_000, freeholds: 4_001 }), {}, undefined],
  ["no foothold at Crown Fields", claimed.bind(null, { veilborn: 5_000 }), {}, undefined],
  ["contested in this tick", claimed.bind(null, { empire: 5_000 }), { empire: 40, freeholds: 40 }, undefined],
  [
    "95 ticks after the last",
    claimed.bind(null, { empire: 5_000 }, { last_capture_tick: 105 }),
    {},
    undefined,
  ],
  [
    "96 ticks after the last",
    claimed.bind(null, { empire: 5_000 }, { last_capture_tick: 104 }),
    {},
    "empire",
  ],
  ["from another holder", claimed.bind(null, { empire: 5_000 }, { holder: "veilborn" }), {}, "empire"],
])("%s", (_, given, points, holder) => {
  const [result] = play(given(), [claims(points)]);
  expect(result!.state.public.relics.ember_crown!.holder).toBe(holder);
});

test("a holder doesn't capture what it holds: its claim stays and defends", () => {
  const [result] = play(claimed({ empire: 5_000, freeholds: 1_000 }, { holder: "empire" }), [{}]);
  expect(result!.record.events).toEqual([]);
  expect(result!.state.private.claims.ember_crown!.points).toEqual({
    empire: 4_750_000,
    freeholds: 950_000,
  });
});
