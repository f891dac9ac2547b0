import { expect, test } from "vitest";
import { canonicalHash } from "../exact/canonical.ts";
import { loadRuleset } from "../rulesets/rulesets.ts";
import { genesis } from "./genesis.ts";

const AT = "2026-01-01T00:00:00.000Z";

test("a realm starts as its ruleset says, at tick 0, with the first link of the chain", async () => {
  const rules = await loadRuleset("amoi-1");
  const { state, record, snapshot } = genesis("amoi-1", rules, AT);
  const { factions, territories, relics, triggers, ...rest } = state.public;
  expect(rest).toEqual({
    realm: "amoi-1",
    season: 1,
    calendar: { started_tick: 0, ends_tick: 5_376 },
    status: "active",
    tick: 0,
    at: AT,
    ruleset_version: 1,
    meters: { global_tension: 0, catastrophe_meter: 0 },
    effects: {},
    actions: {},
    campaigns: {},
    councils: {},
  });
  expect(Object.values(factions).map(({ share_bp }) => share_bp)).toEqual([3_334, 3_333, 3_333]);
  expect(territories.hollow_cross).toEqual({
    control: { empire: 3_334, freeholds: 3_333, veilborn: 3_333 },
    instability: 0,
    strategic_value: 5,
    contested: 0,
    last_changed_tick: 0,
  });
  expect(relics.night_loom).toEqual({ territory: "mist_fen", contested: 0 });
  expect(triggers.age_of_iron).toEqual({ armed: 1, streak: 0 });
  const { hash, ...content } = record;
  expect(hash).toBe(canonicalHash(content));
  expect(content).toMatchObject({
    tick: 0,
    kind: "genesis",
    prev_hash: "0".repeat(64),
    events: [],
    factions: {},
  });
  expect([content.public_hash, content.private_hash]).toEqual([
    canonicalHash(state.public),
    canonicalHash(state.private),
  ]);
  expect(snapshot).toMatchObject({ record_hash: hash, public_hash: record.public_hash, through_seq: 0 });
});

test("the order in which a ruleset names things shows in no hash of the public state", async () => {
  const rules = await loadRuleset("amoi-1");
  const turned = {
    ...rules,
    factions: Object.fromEntries(Object.entries(rules.factions).reverse()),
    territories: Object.fromEntries(Object.entries(rules.territories).reverse()),
    resources: rules.resources.toReversed(),
    triggers: rules.triggers.toReversed(),
  };
  expect(genesis("amoi-1", turned, AT).record.public_hash).toBe(
    genesis("amoi-1", rules, AT).record.public_hash,
  );
});
