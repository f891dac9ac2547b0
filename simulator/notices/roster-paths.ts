/** Whose work a trigger's condition looks at, as far as rosters tell. */
import type { Condition, Operand } from "../../shared/contracts/trigger.ts";
import type { Roster, Rosters } from "../../shared/contracts/world.ts";

/** A roster's place in the rosters. */
type Spot = { of: "territory" | "relic"; place: string; faction: string; roster: Roster };
type Touches = (spot: Spot) => boolean;

/** The rosters of the places and factions that the condition names; a meter or a count is everybody's. */
export function rostersRead(condition: Condition, rosters: Rosters): Roster[] {
  const touched = operandsOf(condition).map(touches);
  return spotsOf(rosters)
    .filter((spot) => touched.some((each) => each(spot)))
    .map(({ roster }) => roster);
}

const spotsOf = ({ territories, relics }: Rosters): Spot[] =>
  (
    [
      ["territory", territories],
      ["relic", relics],
    ] as const
  ).flatMap(([of, places]) =>
    Object.entries(places).flatMap(([place, factions]) =>
      Object.entries(factions).map(([faction, roster]): Spot => ({ of, place, faction, roster })),
    ),
  );

function operandsOf(condition: Condition): Operand[] {
  if ("all" in condition) return condition.all.flatMap(operandsOf);
  if ("any" in condition) return condition.any.flatMap(operandsOf);
  if ("not" in condition) return operandsOf(condition.not);
  return Object.values(condition).map(([operand]: [Operand, unknown]) => operand);
}

function touches(operand: Operand): Touches {
  const none: Touches = () => false;
  if (typeof operand !== "string") {
    if (operand.count === "relics") return ({ of }) => of === "relic";
    return operand.count === "territories" || operand.count === "factions"
      ? ({ of }) => of === "territory"
      : none;
  }
  const [head, id, name] = operand.split(".");
  switch (head) {
    case "faction":
    case "resource":
      return ({ of, faction }) => of === "territory" && faction === id;
    case "territory":
      return ({ of, place }) => of === "territory" && place === id;
    case "control":
      return ({ of, place, faction }) => of === "territory" && place === id && faction === name;
    case "relic":
      return ({ of, place }) => of === "relic" && place === id;
    case "meter":
      return ({ of }) => of === "territory";
    default:
      return none;
  }
}
