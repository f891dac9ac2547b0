/** What stands in a territory: its name, whose it is, and the signs of what goes on there. */
import type { PlaceProps } from "./places.tsx";
import type { Point } from "./shape.ts";

type Props = PlaceProps & { place: Point; angle: number; dense: boolean };

export function Label({
  id,
  territory,
  relics,
  heralds,
  names,
  forecast,
  place: [x, y],
  angle,
  dense,
}: Props) {
  const { controller, contested } = territory;
  const name = names.territory(id);
  if (dense) {
    const degrees = (angle * 180) / Math.PI;
    const upright = degrees > 180 ? degrees + 90 : degrees - 90;
    return (
      <text class="name" transform={`translate(${x} ${y}) rotate(${upright})`} dy="0.35em">
        {contested ? `⚔ ${name}` : name}
      </text>
    );
  }
  const signs = [
    ...(contested ? ["⚔ contested"] : []),
    ...(forecast === undefined ? [] : [`↯ ${names.faction(forecast.to)}`]),
  ];
  const words = name.split(" ");
  const lines = id.length > 10 && words.length > 1 ? [words[0]!, words.slice(1).join(" ")] : [name];
  return (
    <g class="label" transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
      {controller !== undefined && (
        <svg
          class="arms"
          x="-11"
          y={lines.length > 1 ? -50 : -42}
          width="22"
          height="22"
          viewBox="0 0 24 24"
          aria-hidden="true"
        >
          <path d={heralds.of(controller).sigil} fill={heralds.colour(controller)} fill-rule="evenodd" />
        </svg>
      )}
      <text class="name">
        {lines.map((line, i) => (
          <tspan key={line} x="0" dy={i === 0 ? (lines.length > 1 ? "-0.45em" : "0.1em") : "1.02em"}>
            {line}
          </tspan>
        ))}
      </text>
      <text class="held" y={lines.length > 1 ? 30 : 24}>
        {controller === undefined ? "nobody's" : names.faction(controller)}
        {relics.length > 0 && <tspan class="relic"> ✦</tspan>}
      </text>
      {signs.length > 0 && (
        <text class="signs" y={lines.length > 1 ? 50 : 44}>
          {signs.join(" ")}
        </text>
      )}
    </g>
  );
}
