/** What a client reads in the recorded hour: by deltas, against a full snapshot at every tick. The pure cores, no server. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame } from "../../../broadcaster/realm/encode.ts";
import { validate } from "../../../ingest/gate/validate.ts";
import { foldCandidate } from "../../../normalizer/core.ts";
import { evolveCommand } from "../../../normalizer/judge/evolve.ts";
import { initialState } from "../../../normalizer/state/initial-state.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { stateOf } from "../../../simulator/advance.ts";
import { foldAccepted, openFolding } from "../../../simulator/steps/fold.ts";
import { tick } from "../../../simulator/tick.ts";

const REALM = "amoi-1";
const HOUR = join(import.meta.dirname, "../../../fixtures/hour.ndjson");

export type Bandwidth = { ticks: number; accepted: number; deltaBytes: number; snapshotBytes: number };

/** Bytes of all ticks of the hour, a tick every `tickSeconds`. */
export async function measureBandwidth(tickSeconds: number): Promise<Bandwidth> {
  const ruleset = { ...(await loadRuleset("amoi-1")), tick_seconds: tickSeconds };
  const lines = readFileSync(HOUR, "utf8").trimEnd().split("\n");
  const startMs = Date.parse((JSON.parse(lines[0]!) as { occurred_at: string }).occurred_at);
  const judge = initialState(REALM);
  evolveCommand(judge, firstRuleset(ruleset, new Date(startMs).toISOString()));
  const simulator = stateOf(genesis(REALM, ruleset, new Date(startMs).toISOString()).snapshot);
  const sum: Bandwidth = { ticks: 0, accepted: 0, deltaBytes: 0, snapshotBytes: 0 };

  const closeTick = (atMs: number) => {
    const number = simulator.world.public.tick + 1;
    const place = { from_seq: number, through_seq: number, at: new Date(atMs).toISOString() };
    const marker = { tick: number, kind: "scheduled" as const, ...place };
    const { state, record, delta, snapshot } = tick(
      simulator.world,
      simulator.folding,
      marker,
      simulator.last,
    );
    simulator.world = state;
    simulator.last = { record_hash: record.hash, public_hash: record.public_hash };
    simulator.folding = openFolding();
    const where = { realm: REALM, epoch: "e1", tick: number, hash: snapshot.public_hash };
    sum.ticks++;
    sum.deltaBytes += encodeFrame({ type: "delta", epoch: "e1", ...delta }).bytes.length;
    sum.snapshotBytes += encodeFrame({ type: "snapshot", ...where, state: state.public }).bytes.length;
  };

  let dueMs = startMs + tickSeconds * 1_000;
  for (const [i, line] of lines.entries()) {
    const occurred = Date.parse((JSON.parse(line) as { occurred_at: string }).occurred_at);
    // What the engine garbled or sent late comes in its place all the same.
    const atMs = Math.max(dueMs - tickSeconds * 1_000, Math.min(occurred, startMs + 3_600_000));
    for (; dueMs <= atMs; dueMs += tickSeconds * 1_000) closeTick(dueMs);
    const arrival = {
      kind: "candidate" as const,
      realm: REALM,
      data: Buffer.from(line),
      atMs,
      source_seq: i + 1,
    };
    const verdict = validate(arrival);
    if (verdict.kind !== "candidate") continue;
    const decision = foldCandidate(judge, verdict.valid);
    if (decision.validity_status !== "accepted") continue;
    sum.accepted++;
    foldAccepted(simulator.folding, decision);
  }
  for (; dueMs <= startMs + 3_600_000; dueMs += tickSeconds * 1_000) closeTick(dueMs);
  return sum;
}

const firstRuleset = (ruleset: Ruleset, received_at: string) => ({
  v: 1 as const,
  idempotency_key: "first-ruleset",
  realm_id: REALM,
  actor: { type: "system" as const, id: "bench" },
  kind: "ruleset.set" as const,
  payload: { ruleset },
  command_id: "first-ruleset",
  received_at,
  source_seq: 0,
  status: "applied" as const,
  ruleset_version: 1,
});
