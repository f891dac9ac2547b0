/** Rate limit of a realm's pulses: at most one a second, the newest. */
import type { Pulse } from "../../shared/contracts/feed.ts";
import { type EncodedFrame, encodeFrame } from "./encode.ts";

const INTERVAL_MS = 1_000;
/** The simulator publishes a pulse at least every ten seconds; an older one is not shown to new clients. */
const FRESH_MS = 15_000;

export class Pulses {
  readonly #publish: (frame: EncodedFrame) => void;
  readonly #tick: () => number;
  #waiting: Pulse | undefined;
  #sent: { pulse: Pulse; frame: EncodedFrame; ms: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `tick`: the last tick that clients were shown; a pulse of an earlier tick is dropped. */
  constructor(tick: () => number, publish: (frame: EncodedFrame) => void) {
    this.#tick = tick;
    this.#publish = publish;
  }

  heard(pulse: Pulse): void {
    this.#waiting = pulse;
    const sinceMs = performance.now() - (this.#sent?.ms ?? Number.NEGATIVE_INFINITY);
    if (sinceMs >= INTERVAL_MS) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), INTERVAL_MS - sinceMs);
  }

  /** For a client that comes between two of them. */
  get latest(): Uint8Array | undefined {
    const sent = this.#sent;
    const valid =
      sent !== undefined && performance.now() - sent.ms < FRESH_MS && sent.pulse.next_tick > this.#tick();
    return valid ? sent.frame.bytes : undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pulse = this.#waiting;
    this.#waiting = undefined;
    if (pulse === undefined || pulse.next_tick <= this.#tick()) return;
    const frame = encodeFrame({ type: "pulse", ...pulse });
    this.#sent = { pulse, frame, ms: performance.now() };
    this.#publish(frame);
  }
}
