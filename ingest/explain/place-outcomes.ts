/** What became of the place that an action was for, in the action's tick. */
import type { Decision } from "../../shared/contracts/decision.ts";
import type { DerivedEvent } from "../../shared/contracts/world.ts";

/** A change of hands, with the figures that the tick decided it by. */
export type PlaceOutcome =
  | Extract<DerivedEvent, { kind: "flip" }>
  | Extract<DerivedEvent, { kind: "capture" }>;

/** Those among a tick's events of the territory or relic that a decision names. */
export const outcomesAt = (
  events: readonly DerivedEvent[],
  { territory_id, relic_id }: Pick<Decision, "territory_id" | "relic_id">,
): PlaceOutcome[] =>
  events.flatMap((event) =>
    (event.kind === "flip" && event.territory === territory_id) ||
    (event.kind === "capture" && event.relic === relic_id)
      ? [event]
      : [],
  );
