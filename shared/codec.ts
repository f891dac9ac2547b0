/** Bodies and frames: JSON on NATS, up to 50 consecutive bodies of one subject in one message. */
import type { BatchMessage } from "./bus.ts";

export const MAX_FRAME_BODIES = 50;
/** A frame stays far below NATS' `max_payload`, however large its bodies. */
const MAX_FRAME_CHARS = 512 * 1024;

/** Collects bodies in decision order into frames. */
export class FrameBuilder {
  readonly messages: BatchMessage[] = [];
  bodies = 0;
  #subject = "";
  #open: string[] = [];
  #chars = 0;

  /** `body`: JSON text. */
  push(subject: string, body: string): void {
    if (subject !== this.#subject || this.#open.length === MAX_FRAME_BODIES || this.#chars > MAX_FRAME_CHARS)
      this.#close();
    this.#subject = subject;
    this.#open.push(body);
    this.#chars += body.length;
    this.bodies++;
  }

  /** Messages so far, the open frame included. */
  get size(): number {
    return this.messages.length + (this.#open.length > 0 ? 1 : 0);
  }

  finish(): BatchMessage[] {
    this.#close();
    return this.messages;
  }

  #close(): void {
    if (this.#open.length === 0) return;
    this.messages.push({ subject: this.#subject, data: `[${this.#open.join(",")}]` });
    this.#open = [];
    this.#chars = 0;
  }
}

const decoder = new TextDecoder();
export const textOf = (data: Uint8Array): string => decoder.decode(data);

/** The bodies of a frame. Throws where it isn't one: then the stream is corrupt. */
export function bodiesOf<Body>(data: Uint8Array): Body[] {
  const frame: unknown = JSON.parse(textOf(data));
  if (!Array.isArray(frame)) throw new Error("a frame must be a JSON array");
  return frame as Body[];
}
