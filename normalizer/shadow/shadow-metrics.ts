/** The shadow's counts as gauges: they are what KV has, so they come back after a restart and go with the shadow. */

import type { Gauge } from "prom-client";
import { metrics } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import type { NormalizerState } from "../state/state.ts";

const EVERY_MS = 1_000;
const GAUGES: readonly Gauge[] = [
  metrics.shadowDecisions,
  metrics.shadowClipped,
  metrics.shadowPoints,
  metrics.shadowDiffers,
  metrics.shadowErrors,
];

/** Shows the counts of the realm's shadow, a second old at most, until the signal. */
export async function showShadow(state: NormalizerState, signal: AbortSignal): Promise<void> {
  let shown: object | undefined;
  while (!signal.aborted) {
    const { running } = state.shadow;
    if (shown !== undefined && shown !== running) await hide(state.realm);
    shown = running;
    if (running !== undefined) show(state.realm, running.counts);
    await pause(EVERY_MS, signal);
  }
  if (shown !== undefined) await hide(state.realm);
}

function show(realm: string, counts: NonNullable<NormalizerState["shadow"]["running"]>["counts"]): void {
  metrics.shadowDiffers.set({ realm, what: "verdict" }, counts.verdict_differs);
  metrics.shadowDiffers.set({ realm, what: "points" }, counts.points_differ);
  metrics.shadowErrors.set({ realm }, counts.errors);
  for (const side of ["live", "shadow"] as const) {
    const { accepted, released, quarantined, rejected, clipped, points } = counts[side];
    const decisions = (kind: string, reason: string, n: number) =>
      metrics.shadowDecisions.set({ realm, side, kind, reason }, n);
    decisions("accepted", "judged", accepted);
    decisions("accepted", "released", released);
    for (const [reason, n] of quarantined) decisions("quarantined", reason, n);
    for (const [reason, n] of rejected) decisions("rejected", reason, n);
    for (const [by, cut] of clipped) metrics.shadowClipped.set({ realm, side, by }, cut);
    for (const [faction, sum] of points) metrics.shadowPoints.set({ realm, side, faction }, sum);
  }
}

async function hide(realm: string): Promise<void> {
  for (const gauge of GAUGES)
    for (const { labels } of (await gauge.get()).values) if (labels.realm === realm) gauge.remove(labels);
}
