/** One territory on the wheel. Its colour and hatching say who controls it, the rim how control is shared, cracks how unstable it is. */

import { find } from "../../../shared/exact/by-id.ts";
import { percent, ticks } from "../../../shared/web/words.ts";
import { Label } from "./label.tsx";
import type { PlaceProps } from "./place-props.ts";
import { PulseMarks } from "./pulse-marks.tsx";
import { type Arc, at, bandPath, cracks, hubPath, middleOf, RADIUS, sectorPath } from "./shape.ts";
import { byShare, shareArcs } from "./spread.ts";

const WHOLE: Arc = { from: 0, to: 2 * Math.PI - 0.000_1 };

export function Sector({ arc, dense, ...props }: PlaceProps & { arc: Arc; dense: boolean }) {
  const { id, territory, heralds } = props;
  const path = sectorPath(id, arc);
  const rim = { from: arc.from + 0.012, to: arc.to - 0.012 };
  return (
    <PlaceGroup {...props}>
      <Ground {...props} path={path} />
      <g class="cracks">
        {cracks(id, arc, territory.instability).map((d) => (
          <path key={d} d={d} />
        ))}
      </g>
      {shareArcs(territory.control, rim).map(({ id: faction, arc: part }) => (
        <path
          key={faction}
          class="share"
          d={bandPath(part, RADIUS.shares, RADIUS.sharesOuter)}
          fill={heralds.colour(faction)}
        />
      ))}
      <Label {...props} place={at(dense ? 169 : 172, middleOf(arc))} angle={middleOf(arc)} dense={dense} />
      <PulseMarks
        {...props}
        angle={middleOf(arc)}
        radius={RADIUS.pulse}
        spread={Math.min(0.14, (arc.to - arc.from) / 4)}
      />
      <path class="outline" d={path} />
    </PlaceGroup>
  );
}

export function Hub(props: PlaceProps) {
  const { id, territory, heralds } = props;
  const path = hubPath(id);
  return (
    <PlaceGroup {...props}>
      <Ground {...props} path={path} />
      {shareArcs(territory.control, WHOLE).map(({ id: faction, arc }) => (
        <path key={faction} class="share" d={bandPath(arc, 91, 98)} fill={heralds.colour(faction)} />
      ))}
      <Label {...props} place={[0, 0]} angle={0} dense={false} />
      <PulseMarks {...props} angle={0} radius={70} spread={0.4} />
      <path class="outline" d={path} />
    </PlaceGroup>
  );
}

function PlaceGroup(props: PlaceProps & { children: preact.ComponentChildren }) {
  const { id, selected, onSelect, territory, tick, children } = props;
  const fresh = territory.last_changed_tick === tick && tick > 0;
  const choose = () => onSelect(id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
    <g
      class={`place ${fresh ? "fresh" : ""}`}
      role="button"
      tabindex={selected ? 0 : -1}
      aria-pressed={selected}
      aria-label={spoken(props)}
      data-territory={id}
      data-controller={territory.controller ?? ""}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
    >
      {children}
    </g>
  );
}

function Ground({ territory, heralds, path }: PlaceProps & { path: string }) {
  const { controller, control } = territory;
  if (controller === undefined) return <path class="ground nobody" d={path} />;
  const strength = 0.3 + (0.5 * (find(control, controller) ?? 0)) / 10_000;
  return (
    <>
      <path class="ground paper" d={path} />
      <path class="ground" d={path} fill={heralds.colour(controller)} fill-opacity={strength} />
      <path class="hatched" d={path} fill={`url(#hatch-${heralds.of(controller).index})`} />
    </>
  );
}

/** All that the drawing says, in one sentence. */
function spoken({ id, territory, relics, names, pressure, fall, tick }: PlaceProps): string {
  const { controller, control, contested, instability } = territory;
  const shares = byShare(control).map(([faction, bp]) => `${names.faction(faction)} ${percent(bp)}`);
  const pressed = Object.entries(pressure)
    .filter(([, strength]) => strength > 0)
    .map(
      ([faction, strength]) => `${strength > 1 ? "strong" : "some"} pressure by ${names.faction(faction)}`,
    );
  return [
    `${names.territory(id)}: ${controller === undefined ? "nobody's" : `held by ${names.faction(controller)}`}`,
    shares.join(", "),
    `unrest ${percent(instability)}`,
    ...(contested ? ["contested"] : []),
    ...relics.map(([relic]) => `with the ${names.relic(relic)}`),
    ...pressed,
    ...(fall === undefined
      ? []
      : [`may fall to ${names.faction(fall.to)} in about ${ticks(Math.max(0, fall.tick - tick))}`]),
  ].join("; ");
}
