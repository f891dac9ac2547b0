/** Campaigns and sovereign actions: what people can join or counter now. Not told of ticks before the page came. */
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import { Sigil } from "../../../shared/web/sigil.tsx";
import { span, ticks, whole } from "../../../shared/web/words.ts";
import type { Shown } from "../past.ts";

type Props = { state: Shown; heralds: Heralds; names: Names; tickSeconds: number | undefined };

export function Deeds({ state, heralds, names, tickSeconds }: Props) {
  const campaigns = Object.entries(state.campaigns ?? {});
  const actions = Object.entries(state.actions ?? {}).filter(([, { status }]) => status === "proposed");
  const left = (until: number) => {
    const count = Math.max(0, until - state.tick);
    return `${ticks(count)} left${tickSeconds === undefined ? "" : ` · ${span(count * tickSeconds)}`}`;
  };
  return (
    <section class="card" aria-labelledby="deeds">
      <header>
        <h2 id="deeds">Deeds under way</h2>
      </header>
      {campaigns.length + actions.length === 0 && <p class="quiet">No campaign is open.</p>}
      <ul class="deeds">
        {campaigns.map(([id, { title, goal, points, contributors, stage, until_tick }]) => (
          <li key={id}>
            <div class="row">
              <strong>{names.campaign(id, title)}</strong>
              <small class="number">{left(until_tick)}</small>
            </div>
            <div
              class="gauge staged"
              role="progressbar"
              aria-label={names.campaign(id, title)}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={Math.min(100, Math.floor((points * 100) / Math.max(1, goal)))}
            >
              <i style={{ width: `${Math.min(100, (points * 100) / Math.max(1, goal))}%` }} />
            </div>
            <small class="number">
              {whole(points)} of {whole(goal)} points · {contributors} people · stage {stage} of 4
            </small>
          </li>
        ))}
        {actions.map(([id, { action_type, faction, target, cost, closes_tick }]) => (
          <li key={id}>
            <div class="row">
              <strong>
                <Sigil faction={faction} heralds={heralds} /> {names.action(action_type)}
              </strong>
              <small class="number">{left(closes_tick)}</small>
            </div>
            <small>
              proposed by the {names.faction(faction)}
              {target === undefined ? "" : ` against the ${names.faction(target)}`} · {whole(cost)} at stake ·
              can be countered
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}
