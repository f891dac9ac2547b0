import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { runs } from "../ops/testing/fuzz.ts";
import { admissionAfter, OPEN } from "../shared/admission.ts";
import type { DecidedCommand } from "../shared/contracts/command.ts";
import type { Ruleset } from "../shared/contracts/ruleset.ts";
import { loadRuleset } from "../shared/rulesets.ts";
import { callsOf } from "./calls.ts";
import type { WorldCommand } from "./fold.ts";
import { play, standing, started } from "./given.ts";
import { passed } from "./given-commands.ts";
import { isSteward } from "./said.ts";

let rules: Ruleset;
/** As small as a world gets: chains stay aimed by their source, which never fires. */
beforeAll(async () => {
  const whole = await loadRuleset("amoi-1");
  const { empire, freeholds } = whole.factions;
  const never = { gt: ["meter.tension", 10_000] satisfies [string, number] };
  rules = {
    ...whole,
    factions: { empire: empire!, freeholds: freeholds! },
    territories: {
      hub: { name: "Hub", strategic_value: 1, adjacent: [], control: { empire: 10_000 }, yields: {} },
    },
    relics: {},
    resources: [],
    triggers: [
      {
        key: "t",
        when: never,
        sustain: 1,
        cooldown: 0,
        rearm: "auto",
        priority: 0,
        effects: [{ do: "style", id: "s", ticks: 1 }],
      },
    ],
  };
});

const id: fc.Arbitrary<string> = fc.constantFrom("siege", "constructor");
/** Some end while the log is in flux, some run on when it is quiet. */
const ticks = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(50));
/** What comes to pass before a marker, in this order, and whether the steward looks, or another takes over. */
const interval = fc.record({
  commands: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("campaign.open" as const), id, ticks }),
      fc.record({ kind: fc.constant("campaign.close" as const), id }),
      fc.record({ kind: fc.constantFrom("season.close" as const, "season.open" as const) }),
    ),
    { maxLength: 2 },
  ),
  chains: fc.array(fc.record({ id, ticks }), { maxLength: 1 }),
  looks: fc.boolean(),
  takenOver: fc.boolean(),
  /** Whether the steward was faster than the game master. */
  first: fc.boolean(),
});
type Interval = typeof interval extends fc.Arbitrary<infer T> ? T : never;
type Asked = Pick<WorldCommand, "kind" | "payload" | "actor">;

/** The normalizer as far as it minds campaigns and seasons, the world, and a steward between them. */
class Realm {
  world: Pick<ReturnType<typeof play>[number], "state" | "record"> = started(rules);
  admission = OPEN;
  /** Keys that RAW has. */
  readonly keys = new Set<string>();
  #told = new Set<string>();
  #seq = 0;

  say(): Asked[] {
    return callsOf(this.world.state).filter(({ idempotency_key: key }) => {
      const known = this.#told.has(key) || this.keys.has(key);
      this.#told.add(key);
      this.keys.add(key);
      return !known;
    }) as Asked[];
  }

  live({ commands, chains, looks, takenOver, first }: Interval): void {
    if (takenOver) this.#told = new Set();
    const gm = { type: "gm", id: "gm" } as const;
    const own: Asked[] = commands.map((each) => {
      if (each.kind === "campaign.close") return { kind: each.kind, actor: gm, payload: { id: each.id } };
      if (each.kind !== "campaign.open") return { kind: each.kind, actor: gm, payload: {} };
      const payload = { id: each.id, goal: 1, min_contributors: 1, ticks: each.ticks };
      return { kind: each.kind, actor: gm, payload };
    }) as Asked[];
    const said = looks ? this.say() : [];
    const log = (first ? [...said, ...own] : [...own, ...said]).flatMap((each) => this.#judge(each));
    const { tick } = this.world.state.public;
    const begun = standing(this.world, ({ private: hidden }) => {
      for (const chain of chains)
        hidden.starting.push({
          id: chain.id,
          effect: { kind: "chain", source: "t", until_tick: tick + 1 + chain.ticks },
        });
    });
    this.world = play(begun, [{ commands: log }])[0]!;
  }

  #judge({ kind, payload, actor }: Asked): DecidedCommand[] {
    const { campaigns, season_closed } = this.admission;
    const command = passed(kind, payload as never, ++this.#seq, { actor });
    if (command.kind === "campaign.open" && Object.hasOwn(campaigns, command.payload.id)) return [];
    if (command.kind === "campaign.open" && season_closed === 1 && !isSteward(command)) return [];
    if (command.kind === "season.close" && season_closed === 1) return [];
    if (command.kind === "season.open" && season_closed === 0) return [];
    this.admission = admissionAfter(this.admission, command);
    return [command];
  }
}

const quiet: Interval = { commands: [], chains: [], looks: true, takenOver: false, first: true };

test("whoever speaks when, candidates can soon name the campaigns that run and no others", () => {
  fc.assert(
    fc.property(fc.array(interval, { minLength: 1, maxLength: 10 }), (intervals) => {
      const realm = new Realm();
      for (const each of intervals) realm.live(each);
      // Close, open and their answers: three looks settle what is left, and those of a few ticks have ended.
      for (let i = 0; i < 8; i++) realm.live(quiet);
      const { public: world, private: hidden } = realm.world.state;
      expect(callsOf(realm.world.state)).toEqual([]);
      expect(Object.keys(realm.admission.campaigns).sort()).toEqual(Object.keys(world.campaigns).sort());
      expect(Object.keys(hidden.admitted ?? {}).sort()).toEqual(Object.keys(world.campaigns).sort());
      expect(hidden.season?.closed_tick !== undefined).toBe(realm.admission.season_closed === 1);
      expect(world.status).toBe(realm.admission.status);
    }),
    { numRuns: runs(500) },
  );
});

test("while campaigns run, those that candidates may name are the world's within two looks", () => {
  fc.assert(
    fc.property(fc.array(interval, { minLength: 1, maxLength: 8 }), (intervals) => {
      const realm = new Realm();
      for (const each of intervals) realm.live(each);
      const lasting = { id: "lasting", ticks: 9 };
      realm.live({ ...quiet, chains: [lasting], looks: false });
      realm.live(quiet);
      expect(realm.admission.campaigns).toHaveProperty("lasting");
    }),
    { numRuns: runs(100) },
  );
});
