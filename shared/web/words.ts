/** Ids and integers in words that a page shows. */

/** Basis points: `1234` → `12.3 %`, floored, so that nothing reads as more than it is. */
export const percent = (bp: number): string => {
  const tenths = Math.floor(Math.abs(bp) / 10);
  return `${bp < 0 ? "−" : ""}${Math.floor(tenths / 10)}.${tenths % 10} %`;
};

/** A change in basis points: `+1.2 %`, `−0.3 %`, `±0.0 %`. */
export const change = (bp: number): string => {
  if (Math.abs(bp) < 10) return "±0.0 %";
  return bp > 0 ? `+${percent(bp)}` : percent(bp);
};

/** Thousandths: `1234567` → `1 234`. */
export const whole = (thousandths: number): string =>
  `${Math.floor(thousandths / 1_000)}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** Seconds: `45 s`, `4 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number) => `${n}`.padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${two(Math.floor((s % 3_600) / 60))} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}

export const ticks = (n: number): string => (n === 1 ? "1 tick" : `${n} ticks`);

const BANDS = ["calm", "uneasy", "strained", "high", "breaking"] as const;
/** Basis points in five bands of the same width. */
export const band = (bp: number): (typeof BANDS)[number] =>
  BANDS[Math.min(BANDS.length - 1, Math.max(0, Math.floor(bp / 2_000)))]!;
