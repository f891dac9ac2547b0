/**
 * Politics of the cast: members vote in their faction's council, and those who sit in it propose sovereign actions and stake against
 * those of the strongest. Who sits is known to the world alone, so that several of the most active try. Pure but for its chance.
 */
import type { PlayerCommand, SOVEREIGN_ACTIONS } from "../../../shared/contracts/command.ts";
import { sovereignRules } from "../../../shared/contracts/politics.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { sortedKeys } from "../../../shared/exact/integers.ts";
import type { Chance } from "./chance.ts";
import type { Seen } from "./seen.ts";

type ActionType = (typeof SOVEREIGN_ACTIONS)[number];
type Asking = Pick<PlayerCommand, "kind" | "payload"> & { user: string };

/** Of a faction's most active players, so many try to speak for its council. */
const SPEAKERS = 12;
const VOTERS = 240;
/** Of 10 000 voters, how many follow the mood of their faction. */
const MOOD_BP = 6_500;
/** Ticks from one proposal of a faction to the next. */
const PROPOSAL_TICKS = 45;
/** What a faction proposes first, when it can pay for it. */
const ACTIONS: readonly ActionType[] = ["iron_levy", "veil_ward", "embargo"];
/** Of the strongest faction's actions every second one is staked against. */
const COUNTERED_EVERY = 2;

export class Politics {
  readonly #ruleset: Ruleset;
  readonly #chance: Chance;
  /** Points told so far, by faction and player. */
  readonly #active = new Map<string, Map<string, number>>();
  readonly #voted = new Set<string>();
  readonly #proposedTick = new Map<string, number>();
  readonly #fought = new Map<string, boolean>();
  #tick = 0;

  constructor(ruleset: Ruleset, chance: Chance) {
    this.#ruleset = ruleset;
    this.#chance = chance;
  }

  /** A player did something for their faction. */
  acted(faction: string, user: string, points: number): void {
    const known = this.#active.get(faction) ?? new Map<string, number>();
    known.set(user, (known.get(user) ?? 0) + points);
    this.#active.set(faction, known);
  }

  /** What players ask for in a tick that is seen for the first time. */
  turn(seen: Seen): Asking[] {
    if (seen.tick <= this.#tick) return [];
    this.#tick = seen.tick;
    const factions = sortedKeys(seen.factions);
    return factions.flatMap((faction) => [
      ...this.#votes(faction, seen),
      ...this.#stakes(faction, seen),
      ...this.#proposals(faction, seen),
    ]);
  }

  #votes(faction: string, { councils }: Seen): Asking[] {
    const council = councils[faction];
    if (council === undefined || this.#voted.has(council.id)) return [];
    this.#voted.add(council.id);
    const mood = this.#chance.within([0, council.options - 1]);
    return this.#mostActive(faction, VOTERS).map((user) => {
      const option = this.#chance.happens(MOOD_BP) ? mood : this.#chance.within([0, council.options - 1]);
      return { user, kind: "council.vote", payload: { user, faction, option } };
    });
  }

  #proposals(faction: string, seen: Seen): Asking[] {
    if (seen.proposed.some((action) => action.faction === faction)) return [];
    const last = this.#proposedTick.get(faction);
    if (last !== undefined && seen.tick - last < PROPOSAL_TICKS) return [];
    const rules = sovereignRules(this.#ruleset);
    const stock = seen.factions[faction]!.resources;
    const action_type = ACTIONS.find(
      (type) => (stock[rules[type].resource] ?? 0) >= rules[type].cost * 1_000 * 2,
    );
    if (action_type === undefined) return [];
    this.#proposedTick.set(faction, seen.tick);
    const target = action_type === "embargo" ? this.#targetOf(faction, seen) : undefined;
    return this.#mostActive(faction, SPEAKERS).map((user) => ({
      user,
      kind: "sovereign.propose",
      payload: { action_type, faction, ...(target === undefined ? {} : { target }) },
    }));
  }

  /** A territory of the strongest rival, or of any. */
  #targetOf(faction: string, { controllers }: Seen): string {
    const foreign = [...controllers].filter(([, controller]) => controller !== faction).map(([id]) => id);
    return foreign.sort()[0] ?? sortedKeys(this.#ruleset.territories)[0]!;
  }

  /** Rivals pay together for an end of what the strongest wants: each as much as it has, until it is enough. */
  #stakes(faction: string, seen: Seen): Asking[] {
    const rules = sovereignRules(this.#ruleset);
    return seen.proposed.flatMap(({ id, faction: proposer, action_type, cost }) => {
      if (proposer === faction || !this.#isFought(id)) return [];
      const { resource } = rules[action_type as ActionType];
      const wanted = Math.ceil((cost * rules.counter_bp) / 10_000);
      const stake = Math.min(wanted, seen.factions[faction]!.resources[resource] ?? 0);
      if (stake * 100 < cost) return [];
      return this.#mostActive(faction, SPEAKERS).map((user) => ({
        user,
        kind: "sovereign.counter",
        payload: { action: id, faction, stake },
      }));
    });
  }

  #isFought(id: string): boolean {
    const known = this.#fought.get(id);
    if (known !== undefined) return known;
    const fought = this.#fought.size % COUNTERED_EVERY === 1;
    this.#fought.set(id, fought);
    return fought;
  }

  #mostActive(faction: string, count: number): string[] {
    const known = [...(this.#active.get(faction) ?? [])];
    return known
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, count)
      .map(([user]) => user);
  }
}
