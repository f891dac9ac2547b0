/** What became of the lines of a publish run: counts, and the numbers of the lines that were not new or not taken. */
import type { PublicationResult } from "./publish-candidates.ts";

export class Tally {
  published = 0;
  lastLine = 0;
  readonly #duplicates: number[] = [];
  readonly #refused = new Map<string, number[]>();

  count(line: number, outcome: PublicationResult): void {
    this.lastLine = Math.max(this.lastLine, line);
    if (outcome.kind === "published") this.published++;
    else if (outcome.kind === "duplicate") this.#duplicates.push(line);
    else this.refuse(line, outcome.reason);
  }

  refuse(line: number, reason: string): void {
    this.lastLine = Math.max(this.lastLine, line);
    const lines = this.#refused.get(reason);
    if (lines === undefined) this.#refused.set(reason, [line]);
    else lines.push(line);
  }

  get duplicates(): number {
    return this.#duplicates.length;
  }

  get refused(): number {
    return [...this.#refused.values()].reduce((sum, lines) => sum + lines.length, 0);
  }

  /** The counts in a line, for progress. */
  summary(): string {
    return `published ${this.published} · duplicate ${this.duplicates} · refused ${this.refused}`;
  }

  /** The counts with line numbers, a line each and one more for every reason of refusal. */
  report(): string[] {
    const duplicates = this.duplicates === 0 ? "" : `  ${lineNumbers(this.#duplicates)}`;
    return [
      `published ${this.published}`,
      `duplicate ${this.duplicates}${duplicates}`,
      `refused   ${this.refused}`,
      ...[...this.#refused].map(([reason, lines]) => `  ${reason}: ${lineNumbers(lines)}`),
    ];
  }
}

/** `lines 3, 7-9`: sorted, neighbours joined. */
export function lineNumbers(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const ranges: [from: number, to: number][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const listed = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
  return `${sorted.length === 1 ? "line" : "lines"} ${listed}`;
}
