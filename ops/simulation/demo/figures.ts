/** Figures of a running pipeline, read from the metrics of its stages. */

export type Figures = {
  /** Candidates that ingest has read. */
  received: number;
  accepted: number;
  quarantined: number;
  /** By ingest and normalizer. */
  rejected: number;
  /** Cut off by the caps of players and devices, milli-points; what the factions' burst cap cuts is in the tick records. */
  clippedMilli: number;
  /** Messages not yet read, by stage; a stage that doesn't answer is absent. */
  lag: Map<string, number>;
};

export type Sample = { name: string; labels: ReadonlyMap<string, string>; value: number };

const SAMPLE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$/i;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/gi;

/** The samples of a page in Prometheus' text format. */
export function samplesOf(page: string): Sample[] {
  return page.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key!, text!] as const);
    return [{ name, labels: new Map(pairs), value: Number(value) }];
  });
}

const read = (url: string): Promise<string | undefined> =>
  fetch(url, { signal: AbortSignal.timeout(1_000) })
    .then((answer) => answer.text())
    .catch(() => undefined);

/**
 * Reads the stages' pages again and again. A stage that was started again counts from zero: what it had counted before is
 * kept and added.
 */
export class FigureReader {
  readonly #pages: ReadonlyMap<string, string>;
  readonly #realm: string;
  readonly #counters = new Map<string, { before: number; last: number }>();

  /** `pages`: URL of `/metrics` by stage. */
  constructor(pages: ReadonlyMap<string, string>, realm: string) {
    this.#pages = pages;
    this.#realm = realm;
  }

  async read(): Promise<Figures> {
    const lag = new Map<string, number>();
    const pages = await Promise.all(
      [...this.#pages].map(async ([stage, url]) => ({ stage, page: await read(url) })),
    );
    for (const { stage, page } of pages) {
      if (page === undefined) continue;
      lag.set(stage, 0);
      for (const sample of samplesOf(page)) this.#take(stage, sample, lag);
    }
    return {
      received: this.#sum("ingest valid candidate") + this.#sum("ingest rejected"),
      accepted: this.#sum("normalizer accepted"),
      quarantined: this.#sum("normalizer quarantined"),
      rejected: this.#sum("ingest rejected") + this.#sum("normalizer rejected"),
      clippedMilli: this.#sum("clipped"),
      lag,
    };
  }

  #take(stage: string, { name, labels, value }: Sample, lag: Map<string, number>): void {
    if (labels.get("realm") !== this.#realm) return;
    const label = (key: string) => labels.get(key) ?? "";
    switch (name) {
      case "amoi_stage_outputs_total":
        this.#count(`${label("stage")} ${label("kind")} ${label("reason")}`, value);
        return;
      case "amoi_clipped_millipoints_total":
        if (label("by") !== "faction_burst") this.#count(`clipped ${stage} ${label("by")}`, value);
        return;
      case "amoi_stage_lag_messages":
      case "amoi_archive_lag_messages":
        lag.set(stage, (lag.get(stage) ?? 0) + value);
    }
  }

  #count(key: string, value: number): void {
    const counter = this.#counters.get(key) ?? { before: 0, last: 0 };
    if (value < counter.last) counter.before += counter.last;
    counter.last = value;
    this.#counters.set(key, counter);
  }

  /** All counters whose key starts with these words. */
  #sum(words: string): number {
    let sum = 0;
    for (const [key, { before, last }] of this.#counters)
      if (`${key} `.startsWith(`${words} `)) sum += before + last;
    return sum;
  }
}
