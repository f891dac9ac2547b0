/** The demo's story played through the pure cores, without servers: for tests. */
import { arrivalKind, validate } from "../../../ingest/gate/validate.ts";
import { foldCandidate, foldCommand } from "../../../normalizer/core.ts";
import { evolveCommand } from "../../../normalizer/judge/evolve.ts";
import { takeChanged } from "../../../normalizer/state/changed.ts";
import { initialState } from "../../../normalizer/state/initial-state.ts";
import type { DecidedCommand } from "../../../shared/contracts/command.ts";
import type { TickRecord, WorldState } from "../../../shared/contracts/world.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { advance, stateOf } from "../../../simulator/advance.ts";
import { dueCommands } from "../../../simulator/duties/due-commands.ts";
import { seenOf } from "../story/seen.ts";
import { tellStory } from "../story/storyteller.ts";
import { storyOf } from "./plot.ts";

const REALM = "amoi-1";
const START_MS = Date.UTC(2025, 0, 15, 12);

export type Played = { record: TickRecord; state: WorldState; caught: number };

/** Every tick up to the last one, and how many deeds the judgement had held or refused as too fast by then. */
export async function* played(seed: number, lastTick: number): AsyncGenerator<Played> {
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
  let [seq, caught] = [0, 0];
  const fold = (subject: string, body: object, atMs: number) =>
    advance(simulating, { subject, seq: ++seq, data: new TextEncoder().encode(JSON.stringify(body)), atMs });

  /** What the gate, the judgement and the world make of a message of RAW. */
  const take = (subject: string, text: string, atMs: number): void => {
    const data = new TextEncoder().encode(text);
    const kind = arrivalKind(subject, REALM);
    const verdict = validate({ kind, realm: REALM, data, atMs, source_seq: ++seq });
    if (verdict.kind === "rejected") return;
    if (verdict.kind === "command") {
      fold(subjects.command(REALM), [foldCommand(judging, verdict.valid).command], atMs);
    } else {
      const decision = foldCandidate(judging, verdict.valid);
      if (decision.validity_status === "quarantined" || decision.reason?.startsWith("velocity")) caught++;
      if (decision.validity_status === "accepted") fold(subjects.accepted(REALM), [decision], atMs);
    }
    takeChanged(judging);
  };

  const story = tellStory({
    ...storyOf({ seed, realm: REALM, ruleset, startMs: START_MS }),
    seen: () => seenOf(simulating.world.public),
  });
  const said = new Set<string>();
  let tick = 1;
  for (const line of story) {
    for (; line.atMs >= tick * tickMs; tick++) {
      const atMs = START_MS + tick * tickMs;
      const { tick: result } = fold(
        subjects.tickMarker(REALM),
        { realm: REALM, tick, kind: "scheduled" },
        atMs,
      );
      yield { record: result!.record, state: result!.state, caught };
      if (tick === lastTick) return;
      for (const command of dueCommands(result!.state)) {
        if (said.has(command.idempotency_key)) continue;
        said.add(command.idempotency_key);
        take(subjects.rawCommand(REALM), JSON.stringify(command), atMs);
      }
    }
    const subject = line.command ? subjects.playerCommand(REALM) : subjects.rawCandidate(REALM);
    take(subject, line.text, START_MS + line.atMs);
  }
}
