/**
 * Where territories stand on the wheel: one hub in the middle where the map has one, all others around it so that neighbours
 * stand side by side where that can be, and else in the ruleset's order.
 */
export type MapNode = { id: string; adjacent: readonly string[] };
export type Layout = {
  hub?: string;
  /** Clockwise, from the top. */
  ring: string[];
  /** Neighbours that the wheel itself doesn't show side by side. */
  roads: [string, string][];
};

/** A wheel with fewer on its ring than this has no need of a hub. */
const RING_MIN = 3;
/** A cycle through everything is looked for in so many steps at most: finding one is hard where there are few roads. */
const MAX_STEPS = 20_000;

export function layoutOf(places: readonly MapNode[]): Layout {
  const hub = hubOf(places);
  const others = places.filter(({ id }) => id !== hub);
  const touches = neighboursOf(places);
  const ids = others.map(({ id }) => id);
  const ring = isCycle(ids, touches) ? ids : (cycleThrough(ids, touches) ?? ids);
  return { ...(hub === undefined ? {} : { hub }), ring, roads: roadsBeside(ring, hub, touches) };
}

type Touches = (a: string, b: string) => boolean;

function neighboursOf(places: readonly MapNode[]): Touches {
  const known = new Set(places.map(({ id }) => id));
  const pairs = new Set(
    places.flatMap(({ id, adjacent }) =>
      adjacent.filter((other) => other !== id && known.has(other)).map((other) => `${id} ${other}`),
    ),
  );
  return (a, b) => pairs.has(`${a} ${b}`) || pairs.has(`${b} ${a}`);
}

/**
 * The hub: the territory with the most neighbours, if it touches most of the map and no other touches as many; the only territory of
 * a map of one.
 */
function hubOf(places: readonly MapNode[]): string | undefined {
  if (places.length === 1) return places[0]!.id;
  if (places.length <= RING_MIN) return undefined;
  const byDegree = [...places].sort((a, b) => b.adjacent.length - a.adjacent.length);
  const [first, second] = [byDegree[0]!, byDegree[1]!];
  const enough = Math.max(RING_MIN, Math.ceil((places.length - 1) / 2));
  if (first.adjacent.length < enough || first.adjacent.length === second.adjacent.length) return undefined;
  return first.id;
}

const isCycle = (ids: readonly string[], touches: Touches): boolean =>
  ids.length > 2 && ids.every((id, i) => touches(id, ids[(i + 1) % ids.length]!));

/** A cycle through all of them by depth-first search, the ruleset's order tried first. */
function cycleThrough(ids: readonly string[], touches: Touches): string[] | undefined {
  const first = ids[0];
  if (first === undefined) return undefined;
  const path = [first];
  const used = new Set(path);
  let steps = 0;
  const extend = (): boolean => {
    if (++steps > MAX_STEPS) return false;
    const last = path.at(-1)!;
    if (path.length === ids.length) return touches(last, first);
    for (const next of ids) {
      if (used.has(next) || !touches(last, next)) continue;
      path.push(next);
      used.add(next);
      if (extend()) return true;
      path.pop();
      used.delete(next);
    }
    return false;
  };
  return extend() ? path : undefined;
}

function roadsBeside(ring: readonly string[], hub: string | undefined, touches: Touches): [string, string][] {
  const roads: [string, string][] = [];
  ring.forEach((a, i) => {
    for (let j = i + 2; j < ring.length; j++) {
      const sideBySide = i === 0 && j === ring.length - 1;
      if (!sideBySide && touches(a, ring[j]!)) roads.push([a, ring[j]!]);
    }
  });
  // Where the hub touches every territory, no roads are drawn to it.
  if (hub !== undefined && !ring.every((id) => touches(hub, id)))
    for (const id of ring) if (touches(hub, id)) roads.push([hub, id]);
  return roads;
}
