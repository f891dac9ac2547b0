import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { find } from "../../shared/exact/by-id.ts";
import { admissionAfter, OPEN } from "../../shared/judgement/admission.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import type { WorldCommand } from "../steps/fold.ts";
import { accepted, play, standing, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import { dueCommands } from "./due-commands.ts";
import { isSteward } from "./steward-command.ts";

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
const USERS = ["ada", "bo", "constructor"] as const;
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
  /** Who brings something to what, where candidates may name it: before, between and after the commands. */
  gifts: fc.array(
    fc.record({
      id,
      user: fc.constantFrom(...USERS),
      place: fc.integer({ min: 0, max: 4 }),
    }),
    { maxLength: 4 },
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
  /** Where in the log a user was first, by campaign and user. */
  readonly firsts = new Map<string, number>();
  #told = new Set<string>();
  #seq = 0;

  say(): Asked[] {
    return dueCommands(this.world.state).filter(({ idempotency_key: key }) => {
      const known = this.#told.has(key) || this.keys.has(key);
      this.#told.add(key);
      this.keys.add(key);
      return !known;
    }) as Asked[];
  }

  live({ commands, gifts, chains, looks, takenOver, first }: Interval): void {
    if (takenOver) this.#told = new Set();
    const gm = { type: "gm", id: "gm" } as const;
    const own: Asked[] = commands.map((each) => {
      if (each.kind === "campaign.close") return { kind: each.kind, actor: gm, payload: { id: each.id } };
      if (each.kind !== "campaign.open") return { kind: each.kind, actor: gm, payload: {} };
      const payload = { id: each.id, goal: 10_000_000, min_contributors: 1, ticks: each.ticks };
      return { kind: each.kind, actor: gm, payload };
    }) as Asked[];
    const said = looks ? this.say() : [];
    const log: DecidedCommand[] = [];
    const events: Accepted[] = [];
    const asked = first ? [...said, ...own] : [...own, ...said];
    for (let place = 0; place <= Math.max(asked.length, 4); place++) {
      for (const gift of gifts) if (gift.place === place) events.push(...this.#give(gift));
      if (asked[place] !== undefined) log.push(...this.#judge(asked[place]!));
    }
    const { tick } = this.world.state.public;
    const begun = standing(this.world, ({ private: privateState }) => {
      for (const chain of chains)
        privateState.starting.push({
          id: chain.id,
          effect: { kind: "chain", source: "t", until_tick: tick + 1 + chain.ticks },
        });
    });
    this.world = play(begun, [{ commands: log, events }])[0]!;
  }

  /** As `normalizer/judge/campaign-first.ts` marks it. */
  #give({ id, user }: { id: string; user: string }): Accepted[] {
    const opened = find(this.admission.campaigns, id);
    if (opened === undefined) return [];
    const source_seq = ++this.#seq;
    const isFirst = (this.firsts.get(`${id} ${user}`) ?? 0) < opened;
    if (isFirst) this.firsts.set(`${id} ${user}`, source_seq);
    const mark = isFirst ? { campaign_first: 1 as const } : {};
    return [accepted({ event_id: `e${source_seq}`, user_id: user, campaign_id: id, source_seq, ...mark })];
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

const quiet: Interval = { commands: [], gifts: [], chains: [], looks: true, takenOver: false, first: true };

test("whoever speaks when, candidates can soon name the campaigns that run and no others", () => {
  fc.assert(
    fc.property(fc.array(interval, { minLength: 1, maxLength: 10 }), (intervals) => {
      const realm = new Realm();
      for (const each of intervals) realm.live(each);
      // Close, open and their answers: three looks settle what is left, and those of a few ticks have ended.
      for (let i = 0; i < 8; i++) realm.live(quiet);
      const { public: world, private: privateState } = realm.world.state;
      expect(dueCommands(realm.world.state)).toEqual([]);
      expect(Object.keys(realm.admission.campaigns).sort()).toEqual(Object.keys(world.campaigns).sort());
      expect(Object.keys(privateState.admitted ?? {}).sort()).toEqual(Object.keys(world.campaigns).sort());
      expect(world.calendar.closed_tick !== undefined).toBe(realm.admission.season_closed === 1);
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

/** A steward's word of a chain's campaign that has ended comes in the tick in which a game master opens the id anew. */
const lateWord: Interval[] = [
  { ...quiet, chains: [{ id: "siege", ticks: 1 }], looks: false },
  {
    ...quiet,
    commands: [
      { kind: "campaign.close", id: "siege" },
      { kind: "campaign.open", id: "siege", ticks: 50 },
    ],
    gifts: [{ id: "siege", user: "ada", place: 3 }],
  },
];

test("whoever speaks when, nobody is counted twice in a campaign, and in one that lasts everybody once", () => {
  fc.assert(
    fc.property(fc.array(interval, { minLength: 1, maxLength: 10 }), (intervals) => {
      const realm = new Realm();
      const everybody = [...USERS];
      const countedIn = (id: string) => find(realm.world.state.public.campaigns, id)?.contributors ?? 0;
      for (const each of intervals) {
        realm.live(each);
        for (const id of ["siege", "constructor"])
          expect(countedIn(id)).toBeLessThanOrEqual(everybody.length);
      }
      for (let i = 0; i < 8; i++) realm.live(quiet);
      const gifts = Object.keys(realm.admission.campaigns).flatMap((id) =>
        everybody.map((user) => ({ id, user, place: 0 })),
      );
      realm.live({ ...quiet, gifts });
      for (const id of Object.keys(realm.admission.campaigns)) expect(countedIn(id)).toBe(everybody.length);
    }),
    { numRuns: runs(500), examples: [[lateWord]] },
  );
});
