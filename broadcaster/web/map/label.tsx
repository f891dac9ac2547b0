/** What stands in a territory: its name, whose it is, and the signs of what goes on there. */
import type { PlaceProps } from "./place-props.ts";
import type { Point } from "./shape.ts";

type Props = PlaceProps & { place: Point; angle: number; dense: boolean };

export function Label({ id, territory, relics, heralds, names, fall, place: [x, y], angle, dense }: Props) {
  const { controller, contested } = territory;
  const name = names.territory(id);
  if (dense) {
    const degrees = (angle * 180) / Math.PI;
    const upright = degrees > 180 ? degrees + 90 : degrees - 90;
    return (
      <text class="name spoke" transform={`translate(${x} ${y}) rotate(${upright})`} dy="0.35em">
        {contested ? `⚔ ${name}` : name}
      </text>
    );
  }
  const signs = [
    ...(contested ? ["⚔ contested"] : []),
    ...(fall === undefined ? [] : [`↯ ${names.faction(fall.to)}`]),
  ];
  const words = name.split(" ");
  const lines = id.length > 10 && words.length > 1 ? [words[0]!, words.slice(1).join(" ")] : [name];
  return (
    <g class="label" transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
      {controller !== undefined && (
        <g class="arms">
          <path
            d={heralds.of(controller).sigil}
            transform={`translate(-11 ${lines.length > 1 ? -52 : -44}) scale(0.92)`}
            fill={heralds.colour(controller)}
            fill-rule="evenodd"
          />
        </g>
      )}
      <text>
        {lines.map((line, i) => (
          <tspan key={line} class="name" x="0" dy={i > 0 ? "1em" : lines.length > 1 ? "-0.5em" : "-0.05em"}>
            {line}
          </tspan>
        ))}
        <tspan class="held" x="0" dy="1.3em">
          {controller === undefined ? "nobody's" : names.faction(controller)}
        </tspan>
        {relics.length > 0 && <tspan class="relic"> ✦</tspan>}
        {signs.length > 0 && (
          <tspan class="signs" x="0" dy="1.35em">
            {signs.join(" ")}
          </tspan>
        )}
      </text>
    </g>
  );
}
