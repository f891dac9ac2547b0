/** An open batch of a stage: outputs in decision order, their metrics, and the actions that follow the commit. */

import { metrics } from "../process/metrics.ts";
import type { Bus } from "../stream/bus.ts";
import { BundleBuilder } from "../stream/codec.ts";
import type { BatchMessage } from "../stream/publish.ts";

/** What a core writes into the open batch. */
export class OutputBatch {
  readonly #bundles = new BundleBuilder();
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #clips = new Map<string, number>();
  readonly #afterwards = new Map<string, (bus: Bus) => Promise<void>>();
  /** Last input accounted for; set by the shell at each commit point. */
  through = 0;
  inputs = 0;

  /** Adds a body (JSON text) to the subject's bundle. */
  body(subject: string, text: string): void {
    this.#bundles.push(subject, text);
  }

  /**
   * Adds a message that is not a bundle. Of several that are rolled up on one subject the last one stands: JetStream refuses a
   * batch that rolls a subject up twice (10111).
   */
  message(message: BatchMessage): void {
    const messages = this.#bundles.finish();
    const earlier = messages.findIndex(
      (other) => message.rollup && other.rollup && other.subject === message.subject,
    );
    if (earlier !== -1) messages.splice(earlier, 1);
    messages.push(message);
  }

  /** Counts an output for the metrics; `kind` and `reason` are closed lists. */
  count(kind: string, reason: string): void {
    let reasons = this.#counts.get(kind);
    if (reasons === undefined) {
      reasons = new Map();
      this.#counts.set(kind, reasons);
    }
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }

  /** Counts milli-points cut by a cap. */
  clip(by: string, points: number): void {
    this.#clips.set(by, (this.#clips.get(by) ?? 0) + points);
  }

  /**
   * Runs after the commit. A crash may skip it, so it only refreshes what can be made again. Of several under one name the
   * last one stands.
   */
  afterCommit(name: string, act: (bus: Bus) => Promise<void>): void {
    this.#afterwards.set(name, act);
  }

  get size(): number {
    return this.#bundles.size;
  }
  get bodies(): number {
    return this.#bundles.bodies;
  }
  finish(): BatchMessage[] {
    return this.#bundles.finish();
  }

  async committed(bus: Bus, labels: { stage: string; realm: string }): Promise<void> {
    metrics.inputs.inc(labels, this.inputs);
    for (const [kind, reasons] of this.#counts)
      for (const [reason, n] of reasons) metrics.outputs.inc({ ...labels, kind, reason }, n);
    for (const [by, points] of this.#clips) metrics.clipped.inc({ realm: labels.realm, by }, points);
    for (const act of this.#afterwards.values()) await act(bus);
  }
}
