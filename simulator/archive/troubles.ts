import { metrics } from "../../shared/metrics.ts";

/** What keeps the archive from archiving, as `/readyz` and the metric of that name tell it. */
export type Trouble = {
  realm?: string;
  reason: string;
  /** Only an operator can mend it. */
  refused?: boolean;
};

export class Troubles {
  readonly #open = new Map<string, Trouble>();

  /** `place`: a stream, or what else is in trouble. */
  begin(place: string, trouble: Trouble): void {
    this.#open.set(place, trouble);
    metrics.archiveTrouble.set({ place }, 1);
  }

  over(place: string): void {
    this.#open.delete(place);
    metrics.archiveTrouble.set({ place }, 0);
  }

  /** 1 while a stream of the realm is refused, else 0. */
  refused(realm: string): 0 | 1 {
    for (const trouble of this.#open.values()) if (trouble.realm === realm && trouble.refused) return 1;
    return 0;
  }

  /** All of it in one line, what only an operator can mend first; nothing when all is well. */
  summary(): string | undefined {
    const open = [...this.#open].sort(
      ([, a], [, b]) => Number(b.refused ?? false) - Number(a.refused ?? false),
    );
    return open.length === 0
      ? undefined
      : open.map(([place, { reason }]) => `${place}: ${reason}`).join("; ");
  }
}
