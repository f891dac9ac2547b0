/**
 * Golden ticks: a world's first 30 ticks as data, `ticks.ndjson`, a line per tick with what came before its marker and what must
 * come of it, under the ruleset in `ruleset.json`. They hold the bytes of the world still: whoever changes them means to.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { DerivedEvent, TickRecord, WorldState } from "../../shared/contracts/world.ts";
import { type ById, mapById } from "../../shared/exact/by-id.ts";
import { accepted, decided, play, started } from "../testing/builders.ts";
import { passed } from "../testing/command-builders.ts";
import type { TickResult } from "../tick-result.ts";

export const TICKS_FILE = join(import.meta.dirname, "ticks.ndjson");

/** So many users of a faction with so many points each, milli-points. */
type Crowd = {
  of: string;
  users: number;
  each: number;
  push?: string;
  claim?: string;
  campaign?: string;
  /** Whether it is their first in the campaign. */
  first?: 1;
  /** Whether they came after the commands, not before. */
  after?: 1;
};
type Said = { kind: string; payload: object; by?: DecidedCommand["actor"]; version?: number };

/** What came before a tick's marker. `ruleset`: changes to the one in force. */
export type Given = {
  what: string;
  /** Of a change of status; nothing but it and commands comes before such a marker here. */
  kind?: "status";
  since_ms: number;
  key?: string;
  crowds?: Crowd[];
  commands?: Said[];
  ruleset?: Partial<Ruleset>;
};

/** What is compared, from what people look at to what it all hangs on. */
export type Figures = {
  events: DerivedEvent[];
  status: string;
  season: number;
  meters: WorldState["public"]["meters"];
  /** By faction: influence and stocks in thousandths, the share in basis points. */
  factions: ById<{ influence: number; share_bp: number; resources: ById<number>; modifiers: ById<number> }>;
  /** By territory: who controls it, control by faction, unrest. */
  territories: ById<[controller: string, control: number[], instability: number]>;
  relics: ById<string>;
  campaigns: WorldState["public"]["campaigns"];
  effects: string[];
  brought: TickRecord["factions"];
  public_hash: string;
  private_hash: string;
  hash: string;
};

export type Golden = { given: Given; expected: Figures };

export async function readGolden(): Promise<Golden[]> {
  const lines = (await readFile(TICKS_FILE, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Golden);
}

/** Plays what is given; the figures of each tick. */
export async function playGolden(rows: readonly Given[]): Promise<Figures[]> {
  const text = await readFile(join(import.meta.dirname, "ruleset.json"), "utf8");
  let rules = Ruleset.parse(JSON.parse(text));
  let from: Pick<TickResult, "state" | "record"> = started(rules);
  let version = 1;
  return rows.map((given, i) => {
    const commands = (given.commands ?? []).map((each, n) => commandOf(each, (i + 1) * 100 + n));
    if (given.ruleset !== undefined) {
      rules = Ruleset.parse({ ...rules, ...given.ruleset });
      const set = { kind: "ruleset.set", payload: { ruleset: rules }, ruleset_version: ++version } as const;
      commands.push(decided(set, (i + 1) * 100 + 99));
    }
    const events = (given.crowds ?? []).flatMap((crowd, n) =>
      eventsOf(crowd, `t${i + 1}.${n}`, (i + 1) * 100),
    );
    const { since_ms: sinceMs, key, kind } = given;
    const what = { ...(key === undefined ? {} : { key }), ...(kind === undefined ? {} : { kind }) };
    const [result] = play(from, [{ events, commands, sinceMs, ...what }]);
    from = result!;
    return figuresOf(result!);
  });
}

const eventsOf = (crowd: Crowd, id: string, seq: number): Accepted[] =>
  Array.from({ length: crowd.users }, (_, i) =>
    accepted({
      event_id: `${id}.${i}`,
      source_seq: crowd.after === undefined ? seq - 1 : seq + 99,
      user_id: `${crowd.of}-${i}`,
      faction_id: crowd.of,
      normalized_points: crowd.each,
      ...(crowd.push === undefined ? {} : { event_type: "territory_push", territory_id: crowd.push }),
      ...(crowd.claim === undefined ? {} : { event_type: "relic_claim", relic_id: crowd.claim }),
      ...(crowd.campaign === undefined ? {} : { campaign_id: crowd.campaign }),
      ...(crowd.first === undefined ? {} : { campaign_first: crowd.first }),
    }),
  );

function commandOf({ kind, payload, by }: Said, seq: number): DecidedCommand {
  if (kind === "realm.status") return decided({ kind, payload } as Parameters<typeof decided>[0], seq);
  return passed(kind as "decree", payload as never, seq, by === undefined ? {} : { actor: by });
}

function figuresOf({ state, record }: TickResult): Figures {
  const { public: world } = state;
  return {
    events: record.events,
    status: world.status,
    season: world.season,
    meters: world.meters,
    factions: mapById(world.factions, ({ influence, share_bp, resources, modifiers }) => ({
      influence,
      share_bp,
      resources,
      modifiers,
    })),
    territories: mapById(world.territories, ({ controller = "", control, instability }) => [
      controller,
      Object.values(control),
      instability,
    ]),
    relics: mapById(world.relics, ({ holder = "" }) => holder),
    campaigns: world.campaigns,
    effects: Object.keys(world.effects),
    brought: record.factions,
    public_hash: record.public_hash,
    private_hash: record.private_hash,
    hash: record.hash,
  };
}
