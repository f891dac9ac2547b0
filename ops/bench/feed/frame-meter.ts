/**
 * Counts WebSocket frames of a server in the bytes of a connection, without keeping or copying any: a client library would
 * measure itself. Of each frame it looks at one byte, the first letter of a feed frame's type.
 */

/** Where that letter is: `broadcaster/realm/encode.ts` says why. */
const LETTER_AT = 7;

export class FrameMeter {
  readonly #found: (letter: number) => void;
  readonly #head = Buffer.alloc(10);
  #headBytes = 0;
  /** Of the frame that is being read; nothing between two frames. */
  #length: number | undefined;
  #read = 0;
  #letter = 0;

  constructor(found: (letter: number) => void) {
    this.#found = found;
  }

  take(bytes: Uint8Array, from: number, end: number): void {
    for (let at = from; at < end; ) {
      if (this.#length === undefined) {
        this.#head[this.#headBytes++] = bytes[at++]!;
        this.#length = this.#lengthOf();
      } else {
        const part = Math.min(end - at, this.#length - this.#read);
        const letter = LETTER_AT - this.#read;
        if (letter >= 0 && letter < part) this.#letter = bytes[at + letter]!;
        this.#read += part;
        at += part;
      }
      if (this.#length !== undefined && this.#read === this.#length) this.#end();
    }
  }

  #end(): void {
    const control = (this.#head[0]! & 0x08) !== 0;
    if (!control) this.#found(this.#letter);
    this.#headBytes = 0;
    this.#length = undefined;
    this.#read = 0;
    this.#letter = 0;
  }

  /** Once the header is complete. */
  #lengthOf(): number | undefined {
    if (this.#headBytes < 2) return undefined;
    const short = this.#head[1]! & 0x7f;
    if (short < 126) return short;
    const wide = short === 126 ? 4 : 10;
    if (this.#headBytes < wide) return undefined;
    return short === 126 ? this.#head.readUInt16BE(2) : Number(this.#head.readBigUInt64BE(2));
  }
}
