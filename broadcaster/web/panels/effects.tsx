/** What the triggers have set in motion, and for how long. */

import type { Effect, EffectKind } from "../../../shared/contracts/trigger.ts";
import type { EffectState } from "../../../shared/contracts/world.ts";
import { find } from "../../../shared/exact/by-id.ts";
import type { Names } from "../../../shared/web/names.ts";
import { change, span, ticks } from "../../../shared/web/words.ts";
import { wordsOf } from "../../../shared/world/name-for.ts";
import type { Shown } from "../past.ts";

type Props = { state: Shown; names: Names; tickSeconds: number | undefined };

const MODIFIED: Record<Extract<Effect, { do: "modify" }>["name"], string> = {
  push_weight_bp: "weight of pushes",
  influence_gain_bp: "gain of influence",
  yield_bp: "yields",
  claim_bp: "claims on relics",
  clamp_bp: "how far control can move",
};

/** What an effect does, in words; the effects of one trigger stand together. */
const DEEDS: Record<EffectKind, (effect: EffectState, id: string, names: Names) => string> = {
  modify({ name = "", add = 0, faction = "*", territory }, _id, names) {
    const whom = territory === undefined ? names.reach(faction) : names.territory(territory);
    return `${whom}: ${find(MODIFIED, name) ?? wordsOf(name)} ${change(add)}`;
  },
  chain: () => "A campaign is open to everyone",
  quest_pool: ({ name }) => (name === "remove" ? "Its quests are closed" : "New quests are told"),
  style: () => "The stories take on its tone",
  meter: ({ name = "meter", add = 0 }) => `${wordsOf(name)} ${change(add)}`,
};

/** A page may be older than the world: a kind that it doesn't know has its plain name. */
const deed = (effect: EffectState, id: string, names: Names): string =>
  find(DEEDS, effect.kind)?.(effect, id, names) ?? wordsOf(effect.kind);

export function Effects({ state, names, tickSeconds }: Props) {
  const bySource = Map.groupBy(Object.entries(state.effects), ([, { source }]) => source);
  return (
    <section class="card" aria-labelledby="effects">
      <header>
        <h2 id="effects">At work in the world</h2>
      </header>
      {bySource.size === 0 && <p class="quiet">Nothing out of the ordinary.</p>}
      {[...bySource]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([source, effects]) => (
          <div key={source} class="effects">
            <h3>{names.source(source)}</h3>
            <ul>
              {effects.map(([id, effect]) => (
                <li key={id} class="row">
                  <span>{deed(effect, id, names)}</span>
                  <small class="number">{left(effect.until_tick - state.tick, tickSeconds)}</small>
                </li>
              ))}
            </ul>
          </div>
        ))}
    </section>
  );
}

function left(count: number, tickSeconds: number | undefined): string {
  const clock = tickSeconds === undefined ? "" : ` · ${span(count * tickSeconds)}`;
  return `${ticks(Math.max(0, count))} left${clock}`;
}
