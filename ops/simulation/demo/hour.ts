/** What an hour of the demo tells: a rise, those who join against it, a fall, campaigns, councils and what they decide. */
import type { DerivedEvent } from "../../../shared/contracts/world.ts";

/** In so many ticks the story has told all of it. */
export const HOUR_TICKS = 300;

/** A faction rises that holds so many territories more than at the start, and falls when it has lost as many of its most. */
const RISE = 2;
/** Factions that take a territory from the risen one within so many ticks are a coalition. */
const COALITION_TICKS = 75;

type Fact = { fact: string; happened: boolean; detail: string };
type Flip = Extract<DerivedEvent, { kind: "flip" }>;

export class Hour {
  readonly #flips: Flip[] = [];
  readonly #ends = { won: [] as string[], lost: [] as string[] };
  readonly #actions = { resolved: 0, countered: 0 };
  #councils = 0;

  add(events: readonly DerivedEvent[]): void {
    for (const event of events) {
      if (event.kind === "flip") this.#flips.push(event);
      if (event.kind === "campaign" && (event.stage === "won" || event.stage === "lost"))
        this.#ends[event.stage].push(event.id);
      if (event.kind === "action" && (event.status === "resolved" || event.status === "countered"))
        this.#actions[event.status]++;
      if (event.kind === "council" && event.step === "close" && event.reason === "voted") this.#councils++;
    }
  }

  /** `caught`: decisions that held or refused somebody's play. */
  facts(caught: number): Fact[] {
    const { risen, coalition, fallen } = this.#tide();
    const { won, lost } = this.#ends;
    const { resolved, countered } = this.#actions;
    return [
      { fact: "a faction rose", happened: risen !== undefined, detail: risen ?? "none" },
      {
        fact: "a coalition took from it",
        happened: coalition.length >= 2,
        detail: coalition.join(" and ") || "nobody",
      },
      { fact: "it fell", happened: fallen, detail: fallen ? "it lost as much as it had won" : "it stands" },
      { fact: "a campaign was won", happened: won.length > 0, detail: won.join(", ") || "none" },
      { fact: "a campaign was lost", happened: lost.length > 0, detail: lost.join(", ") || "none" },
      { fact: "a council voted", happened: this.#councils > 0, detail: `${this.#councils} times` },
      {
        fact: "sovereign actions came to their end, one of them countered",
        happened: resolved > 0 && countered > 0,
        detail: `${resolved} took effect, ${countered} were countered`,
      },
      { fact: "cheats were caught", happened: caught > 0, detail: `${caught} deeds` },
    ];
  }

  /** The first faction that rose and fell against a coalition; else how far the first that rose came. */
  #tide(): { risen?: string; coalition: string[]; fallen: boolean } {
    const tides = [...new Set(this.#flips.map(({ to }) => to))].map((faction) => this.#tideOf(faction));
    const whole = tides.find(({ coalition, fallen }) => coalition.length >= 2 && fallen);
    return whole ?? tides.find(({ risen }) => risen !== undefined) ?? { coalition: [], fallen: false };
  }

  #tideOf(faction: string): { risen?: string; coalition: string[]; fallen: boolean } {
    let [held, most, mostTick, fallen] = [0, 0, 0, false];
    const takers = new Set<string>();
    for (const { tick, from, to } of this.#flips) {
      if (to === faction) held++;
      if (from === faction) held--;
      if (held > most && !fallen) {
        [most, mostTick] = [held, tick];
        takers.clear();
      } else if (from === faction && tick - mostTick <= COALITION_TICKS) takers.add(to);
      if (most >= RISE && held <= most - RISE) fallen = true;
    }
    return { ...(most >= RISE ? { risen: faction } : {}), coalition: [...takers].sort(), fallen };
  }
}
