import { expect, test } from "vitest";
import { validate } from "../../../ingest/gate/validate.ts";
import { foldCandidate } from "../../../normalizer/core.ts";
import { evolveCommand } from "../../../normalizer/judge/evolve.ts";
import { initialState } from "../../../normalizer/state/initial-state.ts";
import type { DecidedCommand } from "../../../shared/contracts/command.ts";
import type { DerivedEvent } from "../../../shared/contracts/world.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { advance, stateOf } from "../../../simulator/advance.ts";
import { controllersOf } from "../story/fronts.ts";
import { tellStory } from "../story/storyteller.ts";
import { ACT_TICKS, PER_SECOND, RESTING_BP } from "./plot.ts";

const REALM = "amoi-1";
const START_MS = Date.UTC(2025, 0, 15, 12);

/** Plays the demo's story through the pure cores, without servers: every derived event up to the last tick. */
async function play(seed: number, lastTick: number): Promise<DerivedEvent[]> {
  const ruleset = await loadRuleset("demo");
  const tickMs = ruleset.tick_seconds * 1_000;
  const judging = initialState(REALM);
  const first: DecidedCommand = {
    v: 1,
    idempotency_key: "genesis.ruleset",
    realm_id: REALM,
    kind: "ruleset.set",
    actor: { type: "system", id: "test" },
    payload: { ruleset },
    command_id: "genesis",
    received_at: new Date(START_MS).toISOString(),
    source_seq: 0,
    status: "applied",
    ruleset_version: 1,
  };
  evolveCommand(judging, first);
  const simulating = stateOf(genesis(REALM, ruleset, first.received_at).snapshot);
  const events: DerivedEvent[] = [];
  let seq = 0;
  const fold = (subject: string, body: object, atMs: number) =>
    advance(simulating, { subject, seq: ++seq, data: new TextEncoder().encode(JSON.stringify(body)), atMs });

  const story = tellStory({
    seed,
    realm: REALM,
    ruleset,
    startMs: START_MS,
    perHour: PER_SECOND * 3_600,
    actMs: ACT_TICKS * tickMs,
    restingBp: RESTING_BP,
    mishapsBp: 200,
    controllers: () => controllersOf(simulating.world.public.territories),
  });
  let tick = 1;
  for (const line of story) {
    for (; line.atMs >= tick * tickMs; tick++) {
      const marker = { realm: REALM, tick, kind: "scheduled" };
      const { tick: result } = fold(subjects.tickMarker(REALM), marker, START_MS + tick * tickMs);
      events.push(...result!.record.events);
      if (tick === lastTick) return events;
    }
    const atMs = START_MS + line.atMs;
    const data = new TextEncoder().encode(line.text);
    const verdict = validate({ kind: "candidate", realm: REALM, data, atMs, source_seq: ++seq });
    if (verdict.kind !== "candidate") continue;
    const decision = foldCandidate(judging, verdict.valid);
    if (decision.validity_status === "accepted") fold(subjects.accepted(REALM), [decision], atMs);
  }
  return events;
}

test.each([1, 2, 3])(
  "the demo's story, told with seed %i, flips a territory by tick 10 and starts the Age of Iron by tick 18",
  async (seed) => {
    const events = await play(seed, 18);
    const firstFlip = events.find((event) => event.kind === "flip");
    expect(firstFlip?.tick).toBeLessThanOrEqual(10);
    const iron = events.find((event) => event.kind === "trigger" && event.key === "age_of_iron");
    expect(iron?.tick).toBeLessThanOrEqual(18);
  },
);
