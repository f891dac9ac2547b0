/** Bodies and bundles: JSON on NATS, up to 50 consecutive bodies of one subject in one message. */
import type { BatchMessage } from "./publish.ts";

export const MAX_BUNDLE_BODIES = 50;
/** A bundle stays far below NATS' `max_payload`, however large its bodies. */
const MAX_BUNDLE_BYTES = 512 * 1024;
/** A bundle's bytes lie in a block with those of its neighbours; a batch's first block is small, since most batches are. */
const BLOCK_BYTES = { first: 4_096, most: 2 ** 20 };
/** A character of JavaScript has three bytes at most in UTF-8. */
const CHAR_BYTES = 3;

const [OPEN, COMMA, CLOSE] = Buffer.from("[,]") as unknown as [number, number, number];

/** Collects bodies in decision order into bundles. Each is written as it comes, outside the heap: nothing is left to collect. */
export class BundleBuilder {
  readonly #messages: BatchMessage[] = [];
  #bodies = 0;
  #subject = "";
  #block = Buffer.alloc(0);
  /** Where the open bundle lies in the block, and how many bodies it has. */
  #begin = 0;
  #end = 0;
  #open = 0;

  /** `body`: JSON text. */
  push(subject: string, body: string): void {
    const full = this.#open === MAX_BUNDLE_BODIES || this.#end - this.#begin > MAX_BUNDLE_BYTES;
    if (full || subject !== this.#subject) this.#close();
    this.#subject = subject;
    this.#reserve(body.length * CHAR_BYTES + 2);
    this.#block[this.#end++] = this.#open === 0 ? OPEN : COMMA;
    this.#end += this.#block.write(body, this.#end, "utf8");
    this.#open++;
    this.#bodies++;
  }

  get bodies(): number {
    return this.#bodies;
  }

  /** Messages so far, the open bundle included. */
  get size(): number {
    return this.#messages.length + (this.#open > 0 ? 1 : 0);
  }

  finish(): BatchMessage[] {
    this.#close();
    return this.#messages;
  }

  #close(): void {
    if (this.#open === 0) return;
    this.#block[this.#end++] = CLOSE;
    this.#messages.push({ subject: this.#subject, data: this.#block.subarray(this.#begin, this.#end) });
    this.#begin = this.#end;
    this.#open = 0;
  }

  /** Makes room for so many more bytes of the open bundle, which moves where its block has none. */
  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#block.length) return;
    const open = this.#block.subarray(this.#begin, this.#end);
    const grown = Math.min(Math.max(2 * this.#block.length, BLOCK_BYTES.first), BLOCK_BYTES.most);
    this.#block = Buffer.allocUnsafeSlow(Math.max(grown, open.length + bytes));
    this.#end = open.copy(this.#block);
    this.#begin = 0;
  }
}

const decoder = new TextDecoder();
export const textOf = (data: Uint8Array): string => decoder.decode(data);

/** The bodies of a bundle. Throws where the message is no bundle: then the stream is corrupt. */
export const bodiesOf = <Body>(data: Uint8Array): Body[] => bodiesIn(textOf(data));

/** The same, of its text. */
export function bodiesIn<Body>(text: string): Body[] {
  const bundle: unknown = JSON.parse(text);
  if (!Array.isArray(bundle)) throw new Error("a bundle must be a JSON array");
  return bundle as Body[];
}

/**
 * The text of each body of a bundle of `count` flat objects whose strings hold no brace, as candidates are: there, the n-th
 * closing brace ends the n-th body. `undefined` where the bundle has more braces than that.
 */
export function flatBodies(bundle: string, count: number): string[] | undefined {
  const texts: string[] = [];
  let end = 0;
  for (let n = 0; n < count; n++) {
    const begin = end + 1;
    end = bundle.indexOf("}", end) + 1;
    texts.push(bundle.slice(begin, end));
  }
  return end === bundle.length - 1 ? texts : undefined;
}

/** A non-empty object's text with further fields appended, without serializing the object again. */
export const withFields = (text: string, fields: object): string =>
  `${text.slice(0, -1)},${JSON.stringify(fields).slice(1)}`;
