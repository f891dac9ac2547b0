/** The hatchings of the factions, by their place; the same as in hatching.css. */
const LINES = [
  "M-2 10L10 -2M6 18L18 6M-2 2L2 -2M14 18L18 14M0 16L16 0",
  "M3 4.5a1.5 1.5 0 1 0 .1 0M11 12.5a1.5 1.5 0 1 0 .1 0",
  "M0 4c4-4 4 4 8 0s4-4 8 0M0 12c4-4 4 4 8 0s4-4 8 0",
  "M0 0L16 16M16 0L0 16",
  "M0 4H16M0 12H16",
  "M4 0V16M12 0V16",
  "M0 8L8 0L16 8M0 16L8 8L16 16",
  "M8 3a5 5 0 1 0 .1 0",
];

export function Patterns() {
  return (
    <defs>
      {LINES.map((d, i) => (
        <pattern key={d} id={`hatch-${i}`} width="16" height="16" patternUnits="userSpaceOnUse">
          <path d={d} fill="none" stroke="var(--map-ink)" stroke-width="1.2" />
        </pattern>
      ))}
    </defs>
  );
}
