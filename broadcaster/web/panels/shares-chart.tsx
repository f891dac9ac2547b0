/** Shares by tick. The list above says the last of it in numbers, so the drawing itself is hidden from screen readers. */
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import type { Past } from "../past.ts";

type Props = {
  past: Past;
  /** They say when the past has changed. */
  last: number | undefined;
  size: number;
  heralds: Heralds;
  names: Names;
  viewed: number | undefined;
};

const HEIGHT = 190;
/** There is no tick between two ticks. */
const TICK_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

export function SharesChart({ past, last, size, heralds, names, viewed }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | undefined>(undefined);
  const marked = useRef<number | undefined>(undefined);
  const scheme = useScheme();
  marked.current = viewed;
  const data = (): UPlot.AlignedData => [
    past.moments.map(({ state }) => state.tick),
    ...heralds.factions.map((faction) => past.shares(faction).map((bp) => (bp === null ? null : bp / 100))),
  ];

  useEffect(() => {
    const element = place.current!;
    const colour = colours(element);
    const options: UPlot.Options = {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { points: { size: 6 }, drag: { x: false, y: false } },
      scales: {
        x: { time: false },
        y: { range: (_, min, max) => [Math.max(0, min - 3), Math.min(100, max + 3)] },
      },
      axes: [
        {
          stroke: colour("--quiet"),
          grid: { show: false },
          ticks: { show: false },
          font: axisFont(element),
          size: 26,
          incrs: TICK_STEPS,
        },
        {
          stroke: colour("--quiet"),
          grid: { stroke: colour("--line"), width: 1 },
          ticks: { show: false },
          font: axisFont(element),
          size: 44,
          values: (_, values) => values.map((value) => `${value} %`),
        },
      ],
      series: [
        {},
        ...heralds.factions.map((faction) => {
          const { index, dash } = heralds.of(faction);
          return {
            label: names.faction(faction),
            stroke: colour(`--faction-${index}`),
            width: 2,
            dash,
            points: { show: false },
          };
        }),
      ],
      hooks: { draw: [(drawn) => drawMark(drawn, marked.current, colour("--accent"))] },
    };
    const made = new UPlot(options, data(), element);
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [heralds, names, scheme]);

  useEffect(() => chart.current?.setData(data()), [last, size]);
  useEffect(() => chart.current?.redraw(false), [viewed]);

  return (
    <div class="chart" aria-hidden="true">
      <ul class="legend">
        {heralds.factions.map((faction) => {
          const { colour, dash } = heralds.of(faction);
          return (
            <li key={faction}>
              <svg width="28" height="6" viewBox="0 0 28 6" aria-hidden="true">
                <path d="M0 3H28" stroke={colour} stroke-width="2.5" stroke-dasharray={dash.join(" ")} />
              </svg>
              {names.faction(faction)}
            </li>
          );
        })}
      </ul>
      <div ref={place} hidden={size < 2} />
      {size < 2 && <p class="quiet">The lines begin with the next tick.</p>}
    </div>
  );
}

/** The tick that is looked at. */
function drawMark({ ctx, bbox, valToPos }: UPlot, tick: number | undefined, colour: string): void {
  if (tick === undefined) return;
  const x = Math.round(valToPos(tick, "x", true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** A canvas knows no CSS variables. */
function colours(element: HTMLElement): (name: string) => string {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name).trim();
}
const axisFont = (element: HTMLElement) => `12px ${getComputedStyle(element).fontFamily}`;

function useScheme(): boolean {
  const [dark, setDark] = useState(false);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const listen = () => setDark(query.matches);
    listen();
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  return dark;
}
