/** Lines of a byte stream, as they are: no decoding, so that what is published has the bytes of the file. */

export type NumberedLine = { number: number; bytes: Uint8Array };

/** Longest line that is kept, bytes; the rest of a longer one is dropped, and it is longer than NATS takes anyway. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/** Lines numbered from 1, without their ends. Empty ones are counted and left out. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  let number = 0;
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (part: Uint8Array) => {
    if (length < MAX_LINE_BYTES) parts.push(part);
    length += part.length;
  };
  const finish = (): NumberedLine[] => {
    number++;
    let bytes: Uint8Array = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    if (bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1);
    parts = [];
    length = 0;
    return bytes.length === 0 ? [] : [{ number, bytes }];
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, to));
      yield* finish();
      from = to + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  }
  if (length > 0) yield* finish();
}
