/** What the triggers have set in motion, and for how long. */

import type { EffectState } from "../../../shared/contracts/world.ts";
import { find } from "../../../shared/exact/by-id.ts";
import type { Names } from "../../../shared/web/names.ts";
import { change, span, ticks, title } from "../../../shared/web/words.ts";
import type { Shown } from "../past.ts";

type Props = { state: Shown; names: Names; tickSeconds: number | undefined };

const MODIFIED: Record<string, string> = {
  push_weight_bp: "weight of pushes",
  influence_gain_bp: "gain of influence",
  yield_bp: "yields",
  claim_bp: "claims on relics",
  clamp_bp: "how far control can move",
};

/** What an effect does, in words; the effects of one trigger stand together. */
function deed({ kind, name, add, faction, territory }: EffectState, id: string, names: Names): string {
  switch (kind) {
    case "modify": {
      const whom = territory === undefined ? names.reach(faction ?? "*") : names.territory(territory);
      return `${whom}: ${find(MODIFIED, name ?? "") ?? title(name ?? "")} ${change(add ?? 0)}`;
    }
    case "chain":
      return "A campaign is open to everyone";
    case "quest_pool":
      return name === "remove" ? "Its quests are closed" : "New quests are told";
    case "style":
      return "The stories take on its tone";
    case "meter":
      return `${title(name ?? id)} ${change(add ?? 0)}`;
    default:
      return title(kind);
  }
}

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
            <h3>{title(source)}</h3>
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
