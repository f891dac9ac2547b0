/** When each stage of each realm last moved, as the processes themselves tell: what is measured doesn't depend on NATS. */

import { pause } from "../../shared/process/pause.ts";

export type Counter = {
  stage: string;
  /** How far the stage is in each realm; whatever grows will do. Rejects while the process doesn't answer. */
  read(): Promise<ReadonlyMap<string, number>>;
};

type StageProgress = { stage: string; realm: string; value: number; movedMs: number; longestMs: number };

const LOOK_MS = 200;

export class Movement {
  readonly #places: StageProgress[];
  readonly #counters: readonly Counter[];

  constructor(counters: readonly Counter[], realms: readonly string[]) {
    this.#counters = counters;
    const movedMs = performance.now();
    this.#places = counters.flatMap(({ stage }) =>
      realms.map((realm) => ({ stage, realm, value: 0, movedMs, longestMs: 0 })),
    );
  }

  /** Looks until the signal. */
  async watch(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#counters.map((counter) => this.#watch(counter, signal)));
  }

  /** Forgets how long anything has stood still; what stands still goes on doing so. */
  begin(): void {
    for (const place of this.#places) place.longestMs = 0;
  }

  /** The longest standstill of each stage since `begin` in any realm, ms. */
  longest(): Map<string, number> {
    const nowMs = performance.now();
    const longest = new Map<string, number>();
    for (const { stage, longestMs, movedMs } of this.#places)
      longest.set(stage, Math.max(longest.get(stage) ?? 0, longestMs, nowMs - movedMs));
    return longest;
  }

  /** What has not moved for so long, in words. */
  standing(ms: number): string[] {
    const nowMs = performance.now();
    return this.#places
      .filter(({ movedMs }) => nowMs - movedMs > ms)
      .map(({ stage, realm, movedMs }) => `${stage} of ${realm} for ${Math.round(nowMs - movedMs)} ms`);
  }

  async #watch({ stage, read }: Counter, signal: AbortSignal): Promise<void> {
    const places = this.#places.filter((place) => place.stage === stage);
    while (!signal.aborted) {
      const values = await read().catch(() => new Map<string, number>());
      const nowMs = performance.now();
      for (const place of places) {
        const value = values.get(place.realm);
        if (value === undefined || value === place.value) continue;
        place.longestMs = Math.max(place.longestMs, nowMs - place.movedMs);
        place.movedMs = nowMs;
        place.value = value;
      }
      await pause(LOOK_MS, signal);
    }
  }
}

/** The sum of a metric's samples by realm, from a process's metrics. */
export async function metricByRealm(url: string, name: string): Promise<Map<string, number>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  const sums = new Map<string, number>();
  for (const line of (await answer.text()).split("\n")) {
    const realm = line.startsWith(`${name}{`) ? /realm="([^"]+)"/.exec(line)?.[1] : undefined;
    if (realm !== undefined)
      sums.set(realm, (sums.get(realm) ?? 0) + Number(line.slice(line.lastIndexOf(" ") + 1)));
  }
  return sums;
}
