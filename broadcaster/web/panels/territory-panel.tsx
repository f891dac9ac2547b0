/** One territory in detail: control by faction, pressure, and forecast. */
import { find } from "../../../shared/exact/by-id.ts";
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import { Sigil } from "../../../shared/web/sigil.tsx";
import { band, change, percent, ticks } from "../../../shared/web/words.ts";
import type { PulsePressure } from "../live.ts";
import { byShare } from "../map/spread.ts";
import { foretell } from "../outlook.ts";
import type { Shown } from "../past.ts";
import type { Outlook, Rates } from "../reads.ts";

type Props = {
  state: Shown;
  id: string;
  heralds: Heralds;
  names: Names;
  pressure: PulsePressure;
  outlook: Outlook | undefined;
  tickSeconds: number | undefined;
  neighbours: string[];
  onSelect: (id: string) => void;
};

const PRESSURE = ["", "some pressure", "strong pressure"] as const;

export function TerritoryPanel(props: Props) {
  const { state, id, heralds, names, pressure, outlook = {}, tickSeconds, neighbours, onSelect } = props;
  const { forecast, rates } = outlook;
  const territory = find(state.territories, id);
  const pressed = find(pressure, id) ?? {};
  if (territory === undefined) return null;
  const { controller, control, contested, instability, strategic_value, last_changed_tick } = territory;
  const foretold = forecast && foretell(forecast, state.tick, tickSeconds, names);
  const relics = Object.entries(state.relics ?? {}).filter(([, { territory: at }]) => at === id);
  return (
    <section class="card territory" aria-labelledby="territory-name">
      <header>
        <h2 id="territory-name">
          <Sigil faction={controller} heralds={heralds} /> {names.territory(id)}
        </h2>
        <small>worth {strategic_value}</small>
      </header>
      <p>
        {controller === undefined ? "Nobody holds it" : `Held by the ${names.faction(controller)}`}
        {contested ? <strong class="contested"> ⚔ contested</strong> : null}
      </p>
      <ul class="control">
        {byShare(control).map(([faction, bp]) => (
          <li key={faction}>
            <span>
              <Sigil faction={faction} heralds={heralds} /> {names.faction(faction)}
              {(find(pressed, faction) ?? 0) > 0 && (
                <small class="pressed"> {PRESSURE[pressed[faction]!]}</small>
              )}
            </span>
            <span class="number">
              {rates !== undefined && (
                <small>{change(find(rates.factions, faction)?.control_bp ?? 0)} </small>
              )}
              {percent(bp)}
            </span>
            <div class="bar" aria-hidden="true">
              <i class={`hatch hatch-${heralds.of(faction).index}`} style={{ flexGrow: bp }} />
              <i style={{ flexGrow: 10_000 - bp }} />
            </div>
          </li>
        ))}
      </ul>
      <p>
        Unrest <span class="number">{percent(instability)}</span>, {band(instability)}
        {rates !== undefined && <small class="number"> {change(rates.instability_bp)}</small>}
        {last_changed_tick > 0 && (
          <small>
            {" "}
            · changed{" "}
            {last_changed_tick === state.tick
              ? "in this tick"
              : `${ticks(state.tick - last_changed_tick)} ago`}
          </small>
        )}
      </p>
      {rates !== undefined && <Weights rates={rates} names={names} />}
      {relics.map(([relic, { holder, contested: disputed }]) => (
        <p key={relic}>
          <span class="relic">✦</span> {names.relic(relic)}:{" "}
          {holder === undefined ? "nobody has it" : `with the ${names.faction(holder)}`}
          {disputed ? ", disputed" : ""}
        </p>
      ))}
      {foretold !== undefined && (
        <p class="forecast">
          <span aria-hidden="true">↯ </span>
          {foretold}
        </p>
      )}
      {neighbours.length > 0 && (
        <p class="neighbours">
          <small>Borders</small>
          {neighbours.map((other) => (
            <button type="button" key={other} onClick={() => onSelect(other)}>
              {names.territory(other)}
            </button>
          ))}
        </p>
      )}
    </section>
  );
}

/** Why the same deed moves more for one faction than for another. */
function Weights({ rates, names }: { rates: Rates; names: Names }) {
  const weights = Object.entries(rates.factions).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <details>
      <summary>What a push weighs here</summary>
      <ul class="weights">
        {weights.map(([faction, { weight_bp, modifier_bp }]) => (
          <li key={faction} class="row">
            <span>{names.faction(faction)}</span>
            <span class="number">
              {percent(weight_bp)}
              {modifier_bp !== 0 && <small> of it {change(modifier_bp)} by effects and relics</small>}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
