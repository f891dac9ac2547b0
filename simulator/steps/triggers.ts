/** Step 6: triggers look at the frozen state after the meters; what they start begins with the next tick. */

import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { Trigger } from "../../shared/contracts/trigger.ts";
import type { Happening, PrivateState, PublicState, TriggerState } from "../../shared/contracts/world.ts";
import { mapById } from "../../shared/exact/by-id.ts";
import { byCodeUnit } from "../../shared/exact/integers.ts";
import { readingsOf, resolveCondition } from "../../shared/world/conditions.ts";
import { effectsOf } from "./effects.ts";
import type { Clockwork } from "./elapsed.ts";

/** Triggers that fire in one tick; the others stay armed and wait. */
export const MAX_FIRES = 3;

type Evaluated = {
  triggers: PublicState["triggers"];
  starting: PrivateState["starting"];
  happenings: Happening[];
};

/**
 * Of each trigger: `streak = when ? streak + 1 : 0`, and a disarmed one is armed again once `rearm` holds (`auto`: once
 * `when` doesn't). It fires when armed, held for `sustain` ticks in a row and `cooldown` ticks after it fired last; by
 * priority descending, then key.
 */
export function evaluateTriggers(world: PublicState, clockwork: Clockwork, rules: Ruleset): Evaluated {
  const { tick, since } = clockwork;
  const triggers = new Map<string, TriggerState>();
  const ready: Trigger[] = [];
  for (const trigger of rules.triggers) {
    const before = world.triggers[trigger.key]!;
    const holds = resolveCondition(trigger.when, rules)(world);
    const streak = holds ? before.streak + 1 : 0;
    const armed = before.armed === 1 || rearms(trigger, holds, world, rules);
    triggers.set(trigger.key, { ...before, armed: armed ? 1 : 0, streak });
    const { last_triggered_tick: last } = before;
    const rested = last === undefined || since(last) >= trigger.cooldown;
    if (armed && streak >= trigger.sustain && rested) ready.push(trigger);
  }
  ready.sort((a, b) => b.priority - a.priority || byCodeUnit(a.key, b.key));
  const fired = ready.slice(0, MAX_FIRES);
  for (const { key } of fired)
    triggers.set(key, { ...triggers.get(key)!, armed: 0, last_triggered_tick: tick });
  return {
    triggers: mapById(world.triggers, (_, key) => triggers.get(key)!),
    starting: fired.flatMap(({ key, effects }) => effectsOf(key, effects, tick)),
    happenings: fired.map(({ key, when }) => ({
      kind: "trigger",
      key,
      cause: { readings: readingsOf(when, rules, world), streak: triggers.get(key)!.streak },
    })),
  };
}

const rearms = (trigger: Trigger, holds: boolean, world: PublicState, rules: Ruleset): boolean =>
  trigger.rearm === "auto" ? !holds : resolveCondition(trigger.rearm, rules)(world);
