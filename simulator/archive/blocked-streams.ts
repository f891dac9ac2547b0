import { metrics } from "../../shared/process/metrics.ts";

/** What keeps the archive from archiving, as `/readyz` and the metric of that name tell it. */
export type BlockedStream = {
  realm?: string;
  reason: string;
  /** Only an operator can mend it. */
  refused?: boolean;
};

/** Troubles of these places are all realms'. */
const OF_ALL = new Set(["postgres", "realms"]);
/** Work that has waited for so long without moving makes the process unready. */
const PATIENCE_MS = 15_000;

type Work = { through: number; sinceMs: number };

export class BlockedStreams {
  readonly #open = new Map<string, BlockedStream & { sinceMs: number }>();
  /** Streams with work, and since when their position has been where it is. */
  readonly #work = new Map<string, Work>();

  /** `place`: a stream, or what else is in trouble. */
  begin(place: string, trouble: BlockedStream): void {
    const sinceMs = this.#open.get(place)?.sinceMs ?? performance.now();
    this.#open.set(place, { ...trouble, sinceMs });
    metrics.archiveTrouble.set({ place }, 1);
  }

  over(place: string): void {
    this.#open.delete(place);
    metrics.archiveTrouble.set({ place }, 0);
  }

  /** Another process, or none, tells of this place from now on. */
  left(place: string): void {
    this.#open.delete(place);
    this.#work.delete(place);
    metrics.archiveTrouble.remove({ place });
  }

  has(place: string): boolean {
    return this.#open.has(place);
  }

  /** Tells how far a stream is archived and how many of its messages wait. */
  waits(place: string, { lag, through }: { lag: number; through: number }): void {
    if (lag === 0) this.#work.delete(place);
    else if (this.#work.get(place)?.through !== through)
      this.#work.set(place, { through, sinceMs: performance.now() });
  }

  /** 1 while a stream of the realm is refused, else 0. */
  refused(realm: string): 0 | 1 {
    for (const trouble of this.#open.values()) if (trouble.realm === realm && trouble.refused) return 1;
    return 0;
  }

  /** All of it in one line, what only an operator can mend first; nothing when all is well. */
  summary(): string | undefined {
    return line([...this.#open]);
  }

  /**
   * Why the process isn't ready, or nothing: Postgres takes no rows, a realm is refused, or has had work for 15 s and not moved. What
   * mends itself within that time is no reason.
   */
  notReady(nowMs = performance.now()): string | undefined {
    const late = (sinceMs: number) => nowMs - sinceMs >= PATIENCE_MS;
    const reasons = [...this.#open].filter(
      ([place, { refused, sinceMs }]) => OF_ALL.has(place) || refused || late(sinceMs),
    );
    const told = new Set(reasons.map(([place]) => place));
    const standing = [...this.#work]
      .filter(([place, { sinceMs }]) => !told.has(place) && late(sinceMs))
      .map(([place, { through, sinceMs }]): [string, BlockedStream] => {
        const seconds = Math.floor((nowMs - sinceMs) / 1_000);
        const because = this.#open.get(place)?.reason;
        const reason = `archived up to ${through}, more has waited for ${seconds} s`;
        return [place, { reason: because === undefined ? reason : `${reason}: ${because}` }];
      });
    return line([...reasons, ...standing]);
  }
}

function line(troubles: [string, BlockedStream][]): string | undefined {
  if (troubles.length === 0) return undefined;
  return troubles
    .sort(([, a], [, b]) => Number(b.refused ?? false) - Number(a.refused ?? false))
    .map(([place, { reason }]) => `${place}: ${reason}`)
    .join("; ");
}
