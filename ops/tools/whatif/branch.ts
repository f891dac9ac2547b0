/** One way a realm may have gone on: a state that is folded further, and what is counted of it on the way. */

import type { Accepted } from "../../../shared/contracts/decision.ts";
import type { PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import { giniBp, topShareBp } from "../../../shared/exact/inequality.ts";
import type { Input } from "../../../shared/stream/reader.ts";
import { appliedPoints } from "../../../shared/world/applied.ts";
import { advance, type SimulatorState } from "../../../simulator/advance.ts";

/** How a realm stands after a tick. Basis points; `gini_bp` and `top_bp` over what users' events moved since the beginning. */
export type Point = {
  tick: number;
  shares_bp: Record<string, number>;
  held: Record<string, number>;
  gini_bp: number;
  top_bp: number;
};

export type BranchResult = {
  world: PublicState;
  flips: number;
  captures: number;
  /** How often each fired. */
  triggers: Map<string, number>;
  /** Milli-points that the burst cap took, by faction. */
  clipped: Map<string, number>;
  points: Point[];
};

/** Who has this part of the users counts as the top. */
const TOP_PERCENT = 1;

export class Branch {
  readonly state: SimulatorState;
  readonly #users = new Map<string, number>();
  readonly #triggers = new Map<string, number>();
  readonly #clipped = new Map<string, number>();
  readonly #points: Point[] = [];
  #flips = 0;
  #captures = 0;

  constructor(state: SimulatorState) {
    this.state = state;
  }

  /** Folds a message. `decisions`: everything accepted since the last marker that counted events. Answers the record of a tick that it closed. */
  fold(input: Input, decisions: readonly Accepted[]): TickRecord | undefined {
    const record = advance(this.state, input).tick?.record;
    if (record === undefined) return undefined;
    for (const event of record.events) {
      if (event.kind === "flip") this.#flips++;
      else if (event.kind === "capture") this.#captures++;
      else if (event.kind === "trigger") add(this.#triggers, event.key, 1);
    }
    for (const [faction, { sum, cap }] of Object.entries(record.factions))
      add(this.#clipped, faction, Math.max(0, sum - cap));
    if (record.kind === "status") return record;
    const applied = appliedPoints(decisions, record);
    for (const { user_id, event_id } of decisions) add(this.#users, user_id, applied.get(event_id)!);
    return record;
  }

  /** Takes a point of the curves: sorting every user's points at every tick would cost more than the ticks. */
  mark(): void {
    const { tick, factions, territories } = this.state.world.public;
    const held = new Map(Object.keys(factions).map((id) => [id, 0]));
    for (const { controller } of Object.values(territories))
      if (controller !== undefined) add(held, controller, 1);
    const moved = [...this.#users.values()];
    this.#points.push({
      tick,
      shares_bp: Object.fromEntries(Object.entries(factions).map(([id, { share_bp }]) => [id, share_bp])),
      held: Object.fromEntries(held),
      gini_bp: giniBp(moved),
      top_bp: topShareBp(moved, TOP_PERCENT),
    });
  }

  get outcome(): BranchResult {
    return {
      world: this.state.world.public,
      flips: this.#flips,
      captures: this.#captures,
      triggers: this.#triggers,
      clipped: this.#clipped,
      points: this.#points,
    };
  }
}

const add = (counts: Map<string, number>, key: string, n: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + n);
};
