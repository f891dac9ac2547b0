const DAY_MS = 86_400_000;
let lastDay = Number.NaN;
let lastName = "";

/** The realm's calendar day, `YYYY-MM-DD`: UTC moved by the ruleset's offset; no time zones. */
export function dayOf(atMs: number, offsetMinutes: number): string {
  const day = Math.floor((atMs + offsetMinutes * 60_000) / DAY_MS);
  if (day !== lastDay) {
    lastDay = day;
    lastName = new Date(day * DAY_MS).toISOString().slice(0, 10);
  }
  return lastName;
}
