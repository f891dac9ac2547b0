/** The map: the ring's territories as sectors, the hub in the middle, around them the time until the next tick. */

import { useMemo, useRef } from "preact/hooks";
import { find } from "../../../shared/exact/by-id.ts";
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import { useNow } from "../following.tsx";
import type { PulsePressure } from "../live.ts";
import { expectedFall } from "../outlook.ts";
import type { Shown } from "../past.ts";
import type { Outlook } from "../reads.ts";
import { layoutOf, type MapNode } from "./layout.ts";
import { Patterns } from "./patterns.tsx";
import { Hub, Sector } from "./places.tsx";
import { arcOf, at, middleOf, type Point, RADIUS, roadPath } from "./shape.ts";

type Props = {
  state: Shown;
  /** Absent while names and neighbours aren't known: then everything is on the ring. */
  places: MapNode[] | undefined;
  heralds: Heralds;
  names: Names;
  pressure: PulsePressure;
  outlooks: Record<string, Outlook>;
  selected: string;
  onSelect: (id: string) => void;
  clock: Clock | undefined;
};
type Clock = { nextMs: number | undefined; seconds: number | undefined };

export function Wheel({ state, places, selected, onSelect, clock, ...rest }: Props) {
  const drawing = useRef<SVGSVGElement>(null);
  const ids = Object.keys(state.territories).sort();
  const known = places?.filter(({ id }) => Object.hasOwn(state.territories, id)) ?? [];
  const all = known.length === ids.length ? known : ids.map((id) => ({ id, adjacent: [] }));
  const shape = all.map(({ id, adjacent }) => `${id}:${adjacent.join()}`).join(" ");
  // The layout is a search; ticks don't change it.
  const { hub, ring, roads } = useMemo(() => layoutOf(all), [shape]);
  const order = hub === undefined ? ring : [...ring, hub];
  const middle = (id: string): Point =>
    id === hub
      ? [0, 0]
      : at((RADIUS.inner + RADIUS.outer) / 2, middleOf(arcOf(ring.indexOf(id), ring.length)));

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = order[(order.indexOf(selected) + step + order.length) % order.length]!;
    onSelect(next);
    drawing.current?.querySelector<SVGGElement>(`[data-territory="${next}"]`)?.focus();
  };
  const common = (id: string) => ({
    id,
    territory: state.territories[id]!,
    relics: Object.entries(state.relics ?? {}).filter(([, { territory }]) => territory === id),
    selected: id === selected,
    onSelect,
    ...rest,
    pressure: find(rest.pressure, id) ?? {},
    fall: expectedFall(find(rest.outlooks, id)?.forecast),
    tick: state.tick,
  });
  return (
    // biome-ignore lint/a11y/useSemanticElements: no other element draws.
    <svg
      ref={drawing}
      class="wheel"
      viewBox="-310 -310 620 620"
      role="group"
      aria-label={`The realm at tick ${state.tick}: ${ids.length} territories. Arrow keys go from one to the next.`}
      onKeyDown={onKeyDown}
    >
      <Patterns />
      <circle class="sea" r={RADIUS.sharesOuter + 6} />
      {ring.map((id, i) => (
        <Sector key={id} {...common(id)} arc={arcOf(i, ring.length)} dense={ring.length > 10} />
      ))}
      {hub !== undefined && <Hub key={hub} {...common(hub)} />}
      <g class="roads">
        {roads.map(([a, b]) => (
          <path key={`${a} ${b}`} d={roadPath(middle(a), middle(b))} />
        ))}
      </g>
      {clock !== undefined && <ClockRing {...clock} />}
    </svg>
  );
}

/** How much of the tick is over. The header says the same in words. */
function ClockRing({ nextMs, seconds }: Clock) {
  const nowMs = useNow();
  const left =
    nextMs === undefined || seconds === undefined ? 0 : Math.max(0, (nextMs - nowMs) / (seconds * 1_000));
  return (
    <g class="clock">
      <circle r={RADIUS.clock} />
      <circle
        class="hours"
        r={RADIUS.clock}
        pathLength={360}
        stroke-dasharray="0.5 14.5"
        transform="rotate(-90.25)"
      />
      <circle
        class="done"
        r={RADIUS.clock}
        pathLength={1_000}
        stroke-dasharray={`${Math.round(1_000 * (1 - Math.min(1, left)))} 1000`}
        transform="rotate(-90)"
      />
    </g>
  );
}
