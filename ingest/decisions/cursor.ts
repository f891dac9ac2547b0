/** A place in what became of everything: between two lines, in VALID and in EVENTS. Opaque to readers. */

/** `line`: the last one of the message at `seq` that was told, counted from 0. */
export type Place = { seq: number; line: number };
/** `from`: where in EVENTS the accepted events of the next tick begin, since its lines tell of them. */
export type Cursor = { valid: Place; events: Place & { from: number } };

const BEGINNING: Cursor = { valid: { seq: 0, line: -1 }, events: { from: 1, seq: 0, line: -1 } };

export function cursorText({ valid, events }: Cursor): string {
  const numbers = [valid.seq, valid.line, events.from, events.seq, events.line];
  return Buffer.from(numbers.join(".")).toString("base64url");
}

/** `0` is the beginning. Undefined where the text is none of ours. */
export function cursorOf(text: string): Cursor | undefined {
  if (text === "0") return BEGINNING;
  const decoded = Buffer.from(text, "base64url").toString();
  if (!/^\d{1,15}(\.-?\d{1,15}){4}$/.test(decoded)) return undefined;
  const [validSeq, validLine, from, seq, line] = decoded.split(".").map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const cursor = { valid: { seq: validSeq, line: validLine }, events: { from, seq, line } };
  return from >= 1 && validLine >= -1 && line >= -1 && from <= seq + 1 ? cursor : undefined;
}

/** Whether a line is still to be told. */
export const isAfter = (at: Place, place: Place): boolean =>
  at.seq > place.seq || (at.seq === place.seq && at.line > place.line);
