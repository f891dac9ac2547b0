/**
 * Health of a realm that this process owns, for `/readyz` and the metrics: whether the realm is refused, how much work waits and
 * for how long, and whether the realm moves. Times are of the monotonic clock, except a message's age, which the stream dates.
 */
import { metrics } from "../process/metrics.ts";
import type { MessagePlace, Work } from "../stream/waiting.ts";
import { REFUSAL_REASONS, type RealmRefused } from "./refusal.ts";

/** A realm that doesn't move. */
export type RealmTrouble = {
  stage: string;
  realm: string;
  kind: "refused" | "stalled";
  /** For a person: what is wrong, and what to do. */
  reason: string;
} & Partial<MessagePlace>;

/** A realm that has had work for this long without any progress counts as stalled, ms. */
const STALLED_MS = 15_000;
const LOOK_MS = 1_000;

const owned = new Set<RealmHealth>();

/** Of the realms that this process owns, those that don't move, and have had work for `stalledMs`. */
export const realmTroubles = (stalledMs = STALLED_MS): RealmTrouble[] =>
  [...owned].flatMap((health) => health.trouble(stalledMs) ?? []);

export class RealmHealth {
  readonly labels: { stage: string; realm: string };
  readonly #stream: string;
  readonly #look: () => Work | undefined;
  readonly #show: (messages: number, seconds: number) => void;
  readonly #timer: NodeJS.Timeout;
  #refusal: RealmRefused | undefined;
  /** Time of the last progress, or of the last look that found no work. */
  #movedMs = performance.now();
  /** Since when undated work waits, Unix milliseconds. */
  #waitingSinceMs: number | undefined;

  /**
   * From now on the process owns the realm, as far as `stage` goes, until `end`. `look` tells what waits on `stream`, without
   * asking anybody, and `undefined` while NATS is away and the figure is unknown: the gauges keep what was known. `show` sets the gauges.
   */
  constructor(
    labels: { stage: string; realm: string },
    stream: string,
    look: () => Work | undefined,
    show: (messages: number, seconds: number) => void = (messages, seconds) => {
      metrics.lag.set(labels, messages);
      metrics.lagSeconds.set(labels, seconds);
    },
  ) {
    this.labels = labels;
    this.#stream = stream;
    this.#look = look;
    this.#show = show;
    owned.add(this);
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  get refusal(): RealmRefused | undefined {
    return this.#refusal;
  }

  /** The realm isn't run until an operator has looked. */
  refuse(refusal: RealmRefused): void {
    this.#refusal = refusal;
    showRefused(this.labels);
  }

  /** The realm runs again. */
  accept(): void {
    if (this.#refusal === undefined) return;
    this.#refusal = undefined;
    this.#movedMs = performance.now();
    showRefused(this.labels);
  }

  /** The realm made progress. */
  moved(): void {
    this.#movedMs = performance.now();
  }

  /** Updates the gauges with what waits. */
  look(): void {
    const work = this.#look();
    if (work === undefined) return;
    const { messages, oldestAtMs, busy = false } = work;
    if (messages === 0 && !busy) this.#movedMs = performance.now();
    this.#waitingSinceMs = messages === 0 ? undefined : (this.#waitingSinceMs ?? Date.now());
    const sinceMs = oldestAtMs ?? this.#waitingSinceMs;
    const seconds = messages === 0 || sinceMs === undefined ? 0 : Math.max(0, Date.now() - sinceMs) / 1_000;
    this.#show(messages, seconds);
  }

  trouble(stalledMs = STALLED_MS): RealmTrouble | undefined {
    const stream = this.#stream;
    if (this.#refusal !== undefined) {
      const { message: reason, place = { stream } } = this.#refusal;
      return { ...this.labels, kind: "refused", reason, ...place };
    }
    const stillMs = performance.now() - this.#movedMs;
    if (stillMs < stalledMs) return undefined;
    const { messages, seq, busy = false } = this.#look() ?? { messages: 0 };
    if (messages === 0 && !busy) return undefined;
    const since = seq === undefined ? "" : ` from sequence ${seq} on`;
    const reason = `${messages} messages of ${stream} wait${since}, and nothing has moved for ${Math.round(stillMs / 1_000)} s`;
    return { ...this.labels, kind: "stalled", reason, stream, ...(seq !== undefined && { seq }) };
  }

  /** The process no longer owns the realm: its gauges and troubles are removed. */
  end(): void {
    clearInterval(this.#timer);
    owned.delete(this);
    this.#refusal = undefined;
    showRefused(this.labels);
  }
}

/** Of several streams of a realm, as the archive follows them, any may be refused. */
function showRefused({ stage, realm }: { stage: string; realm: string }): void {
  for (const reason of REFUSAL_REASONS) metrics.refused.remove({ stage, realm, reason });
  for (const { labels, refusal } of owned)
    if (refusal !== undefined && labels.stage === stage && labels.realm === realm)
      metrics.refused.set({ stage, realm, reason: refusal.reason }, 1);
}
