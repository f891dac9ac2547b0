import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DecidedCommand } from "../../../shared/contracts/command.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { decided } from "../../../simulator/testing/builders.ts";
import { type TestNats, testNats, urlOf } from "../../testing/nats.ts";
import { testRealm } from "../../testing/realm.ts";
import { playOf, recordTicks, simulate } from "../../testing/recorded.ts";
import { runCommand } from "../../testing/run-command.ts";
import { streamsSource } from "../replay/streams.ts";
import { sparkline } from "./report.ts";
import { whatIf } from "./whatif.ts";

const REALM = "what-if";
const TICKS = 90;
/** The realm gets a second ruleset before this tick. */
const RULED = 60;
let nats: TestNats;
let dir: string;
let rules: Ruleset;

beforeAll(async () => {
  nats = await testNats();
  dir = await mkdtemp(join(tmpdir(), "amoisekai-what-if-"));
  rules = await testRealm(nats.bus, REALM);
  const places = { factions: Object.keys(rules.factions), territories: ["iron_gate", "mist_fen"] };
  const play = playOf(REALM, places, { users: 60, perTick: 40, seed: 9 });
  const later = { ...rules, influence: { ...rules.influence, decay_bp: 20 } };
  const command: DecidedCommand = decided({
    kind: "ruleset.set",
    payload: { ruleset: later },
    ruleset_version: 2,
  });
  await recordTicks(nats.bus, REALM, { from: 1, to: TICKS }, (tick) => ({
    ...play(tick),
    commands: tick === RULED ? [command] : [],
  }));
  await simulate(nats.bus, REALM, TICKS);
}, 120_000);
afterAll(async () => {
  await nats.close();
  await rm(dir, { recursive: true, force: true });
});

test("the rules that held give the world that was, and nothing differs", async () => {
  const source = await streamsSource(nats.bus, REALM);
  const result = await whatIf(source, rules, { from: 20, to: RULED - 1 });
  expect(result.parted).toBeUndefined();
  expect(result).toMatchObject({ from: 20, to: 59, events: 39 * 40, rulesetsIgnored: 0 });
  const { world: imagined, ...rest } = result.imagined;
  const { world: recorded, ...other } = result.recorded;
  expect(rest).toEqual(other);
  expect({ ...imagined, ruleset_version: recorded.ruleset_version }).toEqual(recorded);
  expect(rest.points.map(({ tick }) => tick)).toEqual(Array.from({ length: 40 }, (_, i) => 20 + i));
});

test("other rules change the world from the next tick on, and later rulesets are left out", async () => {
  const source = await streamsSource(nats.bus, REALM);
  const open = {
    ...rules,
    contest: { ...rules.contest, clamp_bp: 1_200, rate_max_bp: 6_000, user_push: 600 },
  };
  const result = await whatIf(source, open, { from: 20 });
  expect(result).toMatchObject({ parted: 21, rulesetsIgnored: 1, to: TICKS });
  expect(result.imagined.flips).toBeGreaterThan(result.recorded.flips);
  expect(result.recorded.world.ruleset_version).toBe(2);
  const { gini_bp, top_bp } = result.imagined.points.at(-1)!;
  for (const bp of [gini_bp, top_bp]) expect(bp).toBeGreaterThan(0);
});

test("a lower burst cap clips more, and what is clipped is nobody's influence", async () => {
  const source = await streamsSource(nats.bus, REALM);
  const tight = { ...rules, influence: { ...rules.influence, burst_min: 60, burst_rate_bp: 10 } };
  const { recorded, imagined } = await whatIf(source, tight, { from: 0, to: 30 });
  const clipped = ({ clipped }: typeof recorded) => [...clipped.values()].reduce((a, b) => a + b, 0);
  expect(clipped(imagined)).toBeGreaterThan(clipped(recorded));
  for (const id of Object.keys(rules.factions))
    expect(imagined.world.factions[id]!.influence).toBeLessThanOrEqual(
      recorded.world.factions[id]!.influence,
    );
});

test("the command prints the table and the curves, and draws them; a ruleset is refused with every reason", async () => {
  const file = join(dir, "rules.json");
  const svg = join(dir, "curves.svg");
  const cli = (...args: string[]) =>
    runCommand("ops/tools/whatif/main.ts", ["--realm", REALM, ...args], {
      NATS_URL: urlOf(nats.url, "operator"),
    });
  await writeFile(file, JSON.stringify({ ...rules, contest: { ...rules.contest, clamp_bp: 1_200 } }));
  const ran = await cli("--from", "20", "--ruleset", file, "--svg", svg);
  expect(ran).toMatchObject({ code: 0, err: "" });
  expect(ran.out).toContain("1 rulesets that were set later are left out");
  for (const line of ["share of empire", "flips", "Gini of influence gained", "top 1 % of users", "▁"])
    expect(ran.out).toContain(line);
  const drawn = await readFile(svg, "utf8");
  expect(drawn.match(/<polyline/g)).toHaveLength(2 * (3 + 3 + 2));
  expect(JSON.parse((await cli("--from", "20", "--ruleset", file, "--json")).out)).toMatchObject({
    parted: expect.any(Number),
    imagined: { points: expect.any(Array) },
  });

  await writeFile(file, JSON.stringify({ ...rules, engine: 1, tick_seconds: 0, resources: "iron" }));
  const refused = await cli("--from", "20", "--ruleset", file);
  expect(refused.code).toBe(1);
  for (const field of ["engine", "tick_seconds", "resources"]) expect(refused.err).toContain(`${field}: `);
  expect((await cli("--ruleset", file)).code).toBe(2);
  expect((await cli("--from", "95", "--ruleset", "amoi-1")).err).toContain("recorded up to tick 90");
}, 60_000);

test("a sparkline has its lowest bar at the minimum and its highest at the maximum", () => {
  expect(sparkline([0, 5, 10], 0, 10)).toBe("▁▅█");
  expect(sparkline([3, 3], 3, 3)).toBe("▁▁");
});
