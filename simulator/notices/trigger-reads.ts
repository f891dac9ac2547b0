/** What a trigger's condition read, where it holds: the things whose state made it true. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Condition, Operand } from "../../shared/contracts/trigger.ts";
import type { PublicState } from "../../shared/contracts/world.ts";
import { sortedKeys } from "../../shared/exact/integers.ts";
import { resolveCondition } from "../../shared/world/conditions.ts";

/** `down`: a number that is small enough; else one that is large enough, or what a thing is. */
type Direction = "up" | "down";

export type Read = {
  of: "faction" | "territory" | "relic" | "campaign" | "meter";
  /** Of the thing; empty for a meter. */
  id: string;
  /** As conditions name it within its thing: `share_bp`, `control.empire`. */
  field: string;
  direction: Direction;
};

/** Only what points can move: resources, effects, ticks and seasons are left out. `world`: where the condition holds. */
export const readsOf = (condition: Condition, world: PublicState, rules: Ruleset): Read[] =>
  leavesOf(condition, (part) => resolveCondition(part, rules)(world), false).flatMap(
    ({ operand, direction }) =>
      typeof operand === "string" ? readOf(operand, direction) : countReads(operand, direction, world, rules),
  );

type Leaf = { operand: Operand; direction: Direction };

/** The comparisons that made it true: each of several that must hold, and of alternatives those that do. */
function leavesOf(condition: Condition, holds: (part: Condition) => boolean, negated: boolean): Leaf[] {
  if ("not" in condition) return leavesOf(condition.not, holds, !negated);
  if ("all" in condition || "any" in condition) {
    const isEach = "all" in condition ? !negated : negated;
    const parts = "all" in condition ? condition.all : condition.any;
    const made = isEach ? parts : parts.filter((part) => holds(part) !== negated);
    return made.flatMap((part) => leavesOf(part, holds, negated));
  }
  if ("eq" in condition) return [{ operand: condition.eq[0], direction: "up" }];
  const isLess = "lt" in condition || "lte" in condition;
  const [operand] = Object.values(condition).flat() as [Operand];
  return [{ operand, direction: isLess === negated ? "up" : "down" }];
}

function readOf(path: string, direction: Direction): Read[] {
  const [head, id, field] = path.split(".") as [string, string, string];
  switch (head) {
    case "faction":
    case "territory":
    case "relic":
      return [{ of: head, id, field, direction }];
    case "control":
      return [{ of: "territory", id, field: `control.${field}`, direction }];
    case "meter":
      return [{ of: "meter", id: "", field: id, direction }];
    default:
      return [];
  }
}

const COUNTED = {
  factions: "faction",
  territories: "territory",
  relics: "relic",
  campaigns: "campaign",
} as const;

/** A count is large enough by the things that it counts; no player makes a count small. */
function countReads(
  { count, where }: Exclude<Operand, string>,
  direction: Direction,
  world: PublicState,
  rules: Ruleset,
): Read[] {
  if (count === "effects" || where === undefined || direction === "down") return [];
  return sortedKeys(world[count]).flatMap((id) => {
    const holds = (part: Condition) => {
      const counted: Condition = { gte: [{ count, where: { all: [{ eq: ["id", id] }, part] } }, 1] };
      return resolveCondition(counted, rules)(world);
    };
    if (!holds(where)) return [];
    return leavesOf(where, holds, false).flatMap(({ operand, direction: own }) =>
      typeof operand === "string" ? [{ of: COUNTED[count], id, field: operand, direction: own }] : [],
    );
  });
}
