import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../../ops/testing/fuzz.ts";
import { layoutOf, type MapNode } from "./layout.ts";
import { arcOf, bandPath, cracks, hubPath, RADIUS, sectorPath } from "./shape.ts";
import { shareArcs } from "./spread.ts";

/** Any map that a ruleset may have: up to 64 territories, neighbours both ways. */
const maps = fc.integer({ min: 1, max: 64 }).chain((size) =>
  fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 160 }).map((pairs): MapNode[] => {
    const touching = Array.from({ length: size }, () => new Set<string>());
    for (const [a, b] of pairs) {
      if (a === b) continue;
      touching[a]!.add(`t${b}`);
      touching[b]!.add(`t${a}`);
    }
    return touching.map((adjacent, i) => ({ id: `t${i}`, adjacent: [...adjacent] }));
  }),
);

test("every territory has one place, and every pair of neighbours is side by side, at the hub or on a road", () => {
  fc.assert(
    fc.property(maps, (places) => {
      const { hub, ring, roads } = layoutOf(places);
      const placed = [...ring, ...(hub === undefined ? [] : [hub])];
      expect(placed.sort()).toEqual(places.map(({ id }) => id).sort());
      const shown = new Set(roads.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
      const beside = (a: string, b: string) => {
        const apart = Math.abs(ring.indexOf(a) - ring.indexOf(b));
        return apart === 1 || apart === ring.length - 1;
      };
      const hubTouchesAll = ring.every((id) =>
        places.find((place) => place.id === hub)?.adjacent.includes(id),
      );
      for (const { id, adjacent } of places)
        for (const other of adjacent) {
          const atHub = id === hub || other === hub;
          expect(shown.has(`${id} ${other}`) || (atHub ? hubTouchesAll : beside(id, other))).toBe(true);
        }
    }),
    { numRuns: runs(60) },
  );
});

const numbersIn = (path: string) => path.match(/-?\d+(\.\d+)?/g)!.map(Number);

test("every line of a ring of any size stays within the drawing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.nat(63),
      fc.stringMatching(/^[a-z0-9_-]{1,32}$/),
      fc.integer({ min: 0, max: 10_000 }),
      (count, index, id, instability) => {
        const arc = arcOf(index % count, count);
        const rim = bandPath({ from: arc.from, to: arc.to - 0.01 }, RADIUS.shares, RADIUS.sharesOuter);
        for (const path of [sectorPath(id, arc), hubPath(id), ...cracks(id, arc, instability), rim])
          for (const number of numbersIn(path)) expect(Math.abs(number)).toBeLessThanOrEqual(310);
        expect(sectorPath(id, arc)).toBe(sectorPath(id, arc));
      },
    ),
    { numRuns: runs(200) },
  );
});

test("shares fill their arc in order, without a gap", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer({ min: 0, max: 10_000 }), { maxKeys: 8 }),
      (control) => {
        const arcs = shareArcs(control, { from: 1, to: 2 });
        if (arcs.length === 0) return;
        expect(arcs[0]!.arc.from).toBe(1);
        expect(arcs.at(-1)!.arc.to).toBeCloseTo(2, 9);
        arcs.slice(1).forEach(({ arc }, i) => {
          expect(arc.from).toBe(arcs[i]!.arc.to);
        });
      },
    ),
    { numRuns: runs(200) },
  );
});
