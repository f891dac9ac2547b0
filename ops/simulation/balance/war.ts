/**
 * Where a crowd pushes. A faction rallies to one front for some days, chosen by opportunity and against whoever leads the map;
 * its people follow the rally, defend what is threatened, go where least is missing, or wander, each by their own nature.
 */
import type { PublicState } from "../../../shared/contracts/world.ts";
import { sortedKeys } from "../../../shared/exact/integers.ts";
import type { Chance } from "../story/chance.ts";

export type Nature = "follower" | "defender" | "opportunist" | "wanderer";
/** Of 100 players. `scattered`: a crowd that hardly follows a call, for whom the rules must not stand still either. */
export const NATURES = {
  rallied: { follower: 50, defender: 20, opportunist: 15, wanderer: 15 },
  scattered: { follower: 20, defender: 30, opportunist: 10, wanderer: 40 },
} as const satisfies Record<string, Record<Nature, number>>;
export type Temper = keyof typeof NATURES;

/** A rally holds until its front is won, and from one to three days at most. */
const RALLY_TICKS = [96, 288] as const;
/** How far one judges the state of a front wrong, basis points of control either way. */
const MISJUDGED_BP = 1_500;
/** The world that people see is what they were told of at the last tick. */
type Seen = Pick<PublicState, "tick" | "territories" | "relics">;

type Front = { territory: string; untilTick: number };

export class War {
  readonly #adjacent: (territory: string) => readonly string[];
  readonly #chance: Chance;
  readonly #rallies = new Map<string, Front>();
  readonly #hunts = new Map<string, { relic: string; untilTick: number }>();

  constructor(adjacent: (territory: string) => readonly string[], chance: Chance) {
    this.#adjacent = adjacent;
    this.#chance = chance;
  }

  /** The territory that a player of the faction pushes now. */
  push(world: Seen, faction: string, nature: Nature): string {
    switch (nature) {
      case "follower":
        return this.#rally(world, faction);
      case "defender":
        return this.#threatened(world, faction) ?? this.#rally(world, faction);
      case "opportunist":
        return this.#best(world, faction, this.#fronts(world, faction), 0);
      case "wanderer":
        return this.#chance.pick(sortedKeys(world.territories));
      default:
        return nature satisfies never;
    }
  }

  /** The relic that a player of the faction claims: followers and opportunists hunt the same one, the others any. */
  claim(world: Seen, faction: string, nature: Nature): string {
    const held = this.#hunts.get(faction);
    const won = held !== undefined && world.relics[held.relic]!.holder === faction;
    if (held === undefined || won || world.tick >= held.untilTick)
      this.#hunts.set(faction, {
        relic: this.#quarry(world, faction),
        untilTick: world.tick + this.#chance.within(RALLY_TICKS),
      });
    return nature === "follower" || nature === "opportunist"
      ? this.#hunts.get(faction)!.relic
      : this.#quarry(world, faction);
  }

  /** One that others hold or nobody does, on land that the faction has a hand in if there is any. */
  #quarry(world: Seen, faction: string): string {
    const relics = sortedKeys(world.relics);
    const foreign = relics.filter((id) => world.relics[id]!.holder !== faction);
    const within = foreign.filter(
      (id) => world.territories[world.relics[id]!.territory]!.control[faction]! >= 2_500,
    );
    return this.#chance.pick(within.length > 0 ? within : foreign.length > 0 ? foreign : relics);
  }

  #rally(world: Seen, faction: string): string {
    const held = this.#rallies.get(faction);
    const won = held !== undefined && world.territories[held.territory]!.controller === faction;
    if (held !== undefined && !won && world.tick < held.untilTick) return held.territory;
    const territory = this.#best(world, faction, this.#fronts(world, faction), MISJUDGED_BP);
    this.#rallies.set(faction, { territory, untilTick: world.tick + this.#chance.within(RALLY_TICKS) });
    return territory;
  }

  /** Foreign land beside the faction's own; without any land, all of it; with all of it, its own. */
  #fronts({ territories }: Seen, faction: string): string[] {
    const all = sortedKeys(territories);
    const own = (id: string) => territories[id]!.controller === faction;
    const foreign = all.filter((id) => !own(id));
    const beside = foreign.filter((id) => this.#adjacent(id).some(own));
    return beside.length > 0 ? beside : foreign.length > 0 ? foreign : all;
  }

  /** Where least control is missing to lead; land of whoever holds most of the map looks the better for it. */
  #best({ territories }: Seen, faction: string, fronts: readonly string[], misjudgedBp: number): string {
    const held = new Map<string, number>();
    for (const { controller } of Object.values(territories))
      if (controller !== undefined) held.set(controller, (held.get(controller) ?? 0) + 1);
    let best = fronts[0]!;
    let least = Number.POSITIVE_INFINITY;
    for (const id of fronts) {
      const { control, controller, strategic_value } = territories[id]!;
      const missing = Math.max(...Object.values(control)) - control[faction]!;
      const owner = controller === undefined ? 0 : held.get(controller)!;
      const looks =
        missing - 500 * owner - 200 * strategic_value + this.#chance.within([-misjudgedBp, misjudgedBp]);
      if (looks < least) [best, least] = [id, looks];
    }
    return best;
  }

  /** The faction's own land where another one comes closest, if it comes within 2 500 bp. */
  #threatened({ territories }: Seen, faction: string): string | undefined {
    let worst: string | undefined;
    let least = 2_500;
    for (const id of sortedKeys(territories)) {
      const { control, controller } = territories[id]!;
      if (controller !== faction) continue;
      const others = sortedKeys(control).filter((other) => other !== faction);
      const margin = control[faction]! - Math.max(...others.map((other) => control[other]!));
      if (margin < least) [worst, least] = [id, margin];
    }
    return worst;
  }
}
