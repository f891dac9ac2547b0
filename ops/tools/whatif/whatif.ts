/**
 * What if: plays what a realm recorded from a tick on again under other rules, beside what happened. Decisions keep the points that
 * they were given (`npm run backtest` asks what the judgement would have given), and ticks come when they came.
 */

import type { DecidedCommand } from "../../../shared/contracts/command.ts";
import type { Accepted } from "../../../shared/contracts/decision.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { PublicState } from "../../../shared/contracts/world.ts";
import { bodiesOf } from "../../../shared/stream/codec.ts";
import type { Input } from "../../../shared/stream/reader.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import type { SimulatorState } from "../../../simulator/advance.ts";
import { openFolding } from "../../../simulator/steps/fold.ts";
import { EarlierEngine, recompute } from "../replay/replay.ts";
import type { Source } from "../replay/source.ts";
import { Branch, type BranchResult } from "./branch.ts";

export type WhatIf = {
  realm: string;
  from: number;
  to: number;
  events: number;
  seconds: number;
  recorded: BranchResult;
  imagined: BranchResult;
  /** The first tick after which the two worlds differ in more than the ruleset's version. */
  parted?: number;
  /** Rulesets recorded after `from` that were left out. */
  rulesetsIgnored: number;
  /** Seconds of a tick under either, where they differ: the ticks' times stay as they were recorded. */
  tickSeconds?: { recorded: number; imagined: number };
};

/** Points of a curve at most. */
const POINTS = 72;

/**
 * `from`: the last tick under the recorded rules; the others hold from the next one on. Throws where the ticks aren't recorded, and
 * where recomputing doesn't give the recorded world: then nothing that it could say would be true.
 */
export async function whatIf(
  source: Source,
  ruleset: Ruleset,
  { from, to = source.lastTick }: { from: number; to?: number },
): Promise<WhatIf> {
  if (from >= to || to > source.lastTick)
    throw new Error(
      `${source.realm} is recorded up to tick ${source.lastTick}: nothing follows ${from}…${to}`,
    );
  const startedMs = performance.now();
  const { state } = await recompute(source, { verify: false, from, to: from });
  if (state.world.public.tick !== from)
    throw new EarlierEngine(
      `tick ${from} of ${source.realm} is of an earlier engine: this one can begin at tick ${state.world.public.tick} at the earliest`,
    );
  const imagined = new Branch(underOther(state, ruleset));
  const recorded = new Branch({ ...state, folding: openFolding() });
  const every = Math.ceil((to - from) / POINTS);
  let decisions: Accepted[] = [];
  let [events, rulesetsIgnored] = [0, 0];
  let parted: number | undefined;
  const { tick_seconds } = state.world.private.ruleset;
  for (const branch of [recorded, imagined]) branch.mark();

  reading: for await (const messages of source.inputs(state.fromSeq - 1)) {
    for (const message of messages) {
      if (message.subject === subjects.accepted(source.realm)) {
        const bodies = bodiesOf<Accepted>(message.data);
        decisions.push(...bodies);
        events += bodies.length;
      }
      const record = recorded.fold(message, decisions);
      const other = withoutRulesets(message, source.realm);
      rulesetsIgnored += other.ignored;
      if (other.message !== undefined) imagined.fold(other.message, decisions);
      if (record === undefined) continue;
      if (record.kind !== "status") decisions = [];
      if (parted === undefined && differ(recorded.state, imagined.state)) parted = record.tick;
      if (record.tick % every === 0 || record.tick === to)
        for (const branch of [recorded, imagined]) branch.mark();
      if (record.tick === to) break reading;
    }
  }
  await assertRecorded(source, recorded.state);
  return {
    realm: source.realm,
    from,
    to,
    events,
    seconds: (performance.now() - startedMs) / 1_000,
    recorded: recorded.outcome,
    imagined: imagined.outcome,
    ...(parted === undefined ? {} : { parted }),
    rulesetsIgnored,
    ...(ruleset.tick_seconds === tick_seconds
      ? {}
      : { tickSeconds: { recorded: tick_seconds, imagined: ruleset.tick_seconds } }),
  };
}

/** The state with the other ruleset read and not yet in force, as a command that came right after the marker leaves it. */
function underOther(state: SimulatorState, ruleset: Ruleset): SimulatorState {
  const version = state.world.public.ruleset_version + 1;
  return {
    ...state,
    world: structuredClone(state.world),
    folding: { ...openFolding(), ruleset: { version, ruleset } },
  };
}

/** A message without the rulesets that it sets; none where it is about nothing else. */
function withoutRulesets(message: Input, realm: string): { message?: Input; ignored: number } {
  if (message.subject !== subjects.command(realm)) return { message, ignored: 0 };
  const commands = bodiesOf<DecidedCommand>(message.data);
  const kept = commands.filter(({ kind, status }) => kind !== "ruleset.set" || status === "refused");
  const ignored = commands.length - kept.length;
  if (kept.length === 0) return { ignored };
  return { message: { ...message, data: new TextEncoder().encode(JSON.stringify(kept)) }, ignored };
}

const hashedWithoutRules = ({ world }: SimulatorState): Omit<PublicState, "ruleset_version"> => {
  const { ruleset_version: _, ...rest } = world.public;
  return rest;
};
const differ = (a: SimulatorState, b: SimulatorState): boolean =>
  a.last.public_hash !== b.last.public_hash &&
  JSON.stringify(hashedWithoutRules(a)) !== JSON.stringify(hashedWithoutRules(b));

/** The chain makes the last record stand for all before it. */
async function assertRecorded(source: Source, { world, last }: SimulatorState): Promise<void> {
  const { tick } = world.public;
  for await (const record of source.records(tick)) {
    if (record.tick === tick && record.hash === last.record_hash) return;
    break;
  }
  throw new Error(
    `recomputing ${source.realm} doesn't give tick ${tick} as it is recorded: npm run replay -- --realm ${source.realm} --verify tells where it differs`,
  );
}
