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

/**
 * Whole milliseconds of a stream's timestamp, which has nanoseconds: more than a number holds, so `nanos` is up to 128 off, and
 * within that of a full millisecond it may tell the wrong one. Only there the exact value is asked for, since it costs more.
 */
export function wholeMs(nanos: number, exactly: () => bigint): number {
  const past = nanos % MS_NANOS;
  const isSure = past > NANOS_OFF && past < MS_NANOS - NANOS_OFF;
  return isSure ? Math.floor(nanos / MS_NANOS) : Number(exactly() / BigInt(MS_NANOS));
}

const MS_NANOS = 1_000_000;
/** With room for the roundings of the division. */
const NANOS_OFF = 1_000;
