/** What a demo run has to have shown, each held against the streams and Postgres themselves. */
import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../../../shared/stream/bus.ts";
import type { Database } from "../../../simulator/archive/database/database.ts";
import { checkAgreement } from "../../../simulator/archive/rebuild/agreement.ts";
import { replay } from "../../tools/replay/replay.ts";
import { HOUR_TICKS } from "./hour.ts";
import { type Scene, triggered } from "./view.ts";

/** `open`: the run was too short to tell. */
export type Check = { fact: string; verdict: "holds" | "fails" | "open"; detail: string };

/** In so many ticks the demo's story brings a flip and a trigger. A shorter run need not have them. */
export const STORY_TICKS = 16;

/** Postgres may lag: it is given this long to reach the last tick, ms. */
const ARCHIVE_PATIENCE_MS = 30_000;

/** The facts of a run, in order; those of a whole hour where it was one. Nothing here throws: what can't be checked doesn't hold. */
export async function judgeRun(
  bus: Bus,
  database: Database,
  realm: string,
  { chronicle, figures }: Pick<Scene, "chronicle" | "figures">,
): Promise<Check[]> {
  const hour = chronicle.ticks < HOUR_TICKS ? [] : chronicle.hour.facts(figures.quarantined);
  return [
    told("a territory changed its controller", chronicle.flips > 0, `${chronicle.flips} times`, chronicle),
    told("a trigger fired", chronicle.triggers.length > 0, triggered(chronicle), chronicle),
    ...hour.map(({ fact, happened, detail }) => told(fact, happened, detail, chronicle)),
    await checked("the replay of the stream gave the same hashes", async () => {
      const { ticks, events, problems } = await replay(bus, realm);
      return { problems, detail: `${ticks} ticks, ${events} events` };
    }),
    await checked("ledger and state agree", () => agreement(database, realm, chronicle.lastTick)),
  ];
}

/** A fact that the story brings in time. */
export function told(fact: string, happened: boolean, detail: string, { ticks }: { ticks: number }): Check {
  if (happened) return { fact, verdict: "holds", detail };
  if (ticks >= STORY_TICKS) return { fact, verdict: "fails", detail };
  return { fact, verdict: "open", detail: `not within ${ticks} ticks; ${STORY_TICKS} bring it` };
}

/**
 * Waits until Postgres holds the last tick. The archive goes on writing while it is checked, so what doesn't fit has to be
 * there twice to count.
 */
async function agreement(
  database: Database,
  realm: string,
  lastTick: number,
): Promise<{ problems: string[]; detail: string }> {
  const deadline = Date.now() + ARCHIVE_PATIENCE_MS;
  let before: string[] = [];
  for (;;) {
    const { ticks, problems } = await checkAgreement(database, realm);
    const lasting = problems.filter((problem) => before.includes(problem));
    if (lasting.length > 0) return { problems: lasting, detail: "" };
    if (problems.length === 0 && ticks >= lastTick) return { problems: [], detail: `${ticks} ticks` };
    if (Date.now() > deadline)
      return { problems: [`Postgres stands at tick ${ticks} of ${lastTick}`], detail: "" };
    before = problems;
    await delay(250);
  }
}

async function checked(
  fact: string,
  check: () => Promise<{ problems: string[]; detail: string }>,
): Promise<Check> {
  try {
    const { problems, detail } = await check();
    return { fact, verdict: problems.length === 0 ? "holds" : "fails", detail: problems[0] ?? detail };
  } catch (error) {
    return { fact, verdict: "fails", detail: error instanceof Error ? error.message : String(error) };
  }
}

const MARKS = { holds: "✓", fails: "✗", open: "–" } as const;

export const checkLine = ({ fact, verdict, detail }: Check): string =>
  `${MARKS[verdict]} ${fact} (${detail})`;
