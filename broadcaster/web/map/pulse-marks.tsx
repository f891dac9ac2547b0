/** The pulse: arrows that press on a territory, one where a faction brings some pressure, two where it brings much. */
import type { PlaceProps } from "./place-props.ts";

type Props = PlaceProps & { angle: number; radius: number; spread: number };

export function PulseMarks({ pressure, heralds, angle, radius, spread }: Props) {
  const pressing = Object.entries(pressure)
    .filter(([, strength]) => strength > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <g class="pulse">
      {pressing.map(([faction, strength], i) => {
        const turn = ((angle + (i - (pressing.length - 1) / 2) * spread) * 180) / Math.PI;
        return (
          <g key={faction} transform={`rotate(${turn.toFixed(2)}) translate(0 ${-radius})`}>
            <g class={`mark strength-${strength}`} stroke={heralds.colour(faction)}>
              <path d="M-8 -5L0 4L8 -5" />
              {strength > 1 && <path d="M-8 -14L0 -5L8 -14" />}
            </g>
          </g>
        );
      })}
    </g>
  );
}
