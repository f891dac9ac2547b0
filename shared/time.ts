/** Times as text and back. Bodies of one batch share their millisecond, and both ways are dear to go for each. */

let madeFrom = Number.NaN;
let madeText = "";

/** RFC 3339 with milliseconds, of Unix milliseconds. */
export function timeText(ms: number): string {
  if (ms !== madeFrom) {
    madeText = new Date(ms).toISOString();
    madeFrom = ms;
  }
  return madeText;
}

let readFrom = "";
let readMs = Number.NaN;

/** Unix milliseconds of an RFC 3339 text; NaN where it is none. */
export function timeMs(text: string): number {
  if (text !== readFrom) {
    readMs = Date.parse(text);
    readFrom = text;
  }
  return readMs;
}
