/** Simulator as a stage: folds EVENTS, and at each tick marker commits the tick to WORLD. */
import { isCheckpoint, keepCheckpoint } from "../shared/past/checkpoints.ts";
import { refreshKv } from "../shared/past/world-entry.ts";
import { crashPoint } from "../shared/process/crash.ts";
import { metrics } from "../shared/process/metrics.ts";
import type { OutputBatch } from "../shared/stage/output-batch.ts";
import type { Stage } from "../shared/stage/stage.ts";
import type { Input } from "../shared/stream/reader.ts";
import { eventsStream, subjects, worldStream } from "../shared/stream/subjects.ts";
import { advance, movingSubjects, type SimulatorState } from "./advance.ts";
import { commandsParts, MAX_COMMANDS_PARTS } from "./commands/parts.ts";
import { keepTime } from "./duties/clock.ts";
import { metricLabels } from "./duties/event-metrics.ts";
import { keepPulse } from "./duties/pulse.ts";
import { keepHouse, speakForWorld } from "./duties/steward.ts";
import { keepForecast } from "./forecast/keep.ts";
import { MAX_PARTS, noticeParts } from "./notices/parts.ts";
import { restoreWorld } from "./restore.ts";
import type { TickResult } from "./tick-result.ts";

export const simulatorStage: Stage<SimulatorState> = {
  name: "simulator",
  input: (realm) => ({
    stream: eventsStream(realm),
    subjects: movingSubjects(realm),
  }),
  outputStream: worldStream,
  // With record, delta and snapshot.
  maxInputOutputs: MAX_PARTS + MAX_COMMANDS_PARTS + 3,
  restore: restoreWorld,
  step,
  duties: async (owned) => {
    await Promise.all([
      keepTime(owned),
      keepHouse(owned),
      speakForWorld(owned),
      keepPulse(owned),
      keepForecast(owned),
    ]);
  },
};

function step(state: SimulatorState, input: Input, draft: OutputBatch): boolean {
  const { realm } = state;
  const { events, tick } = advance(state, input);
  metrics.folded.inc({ realm }, events);
  if (tick === undefined) return false;
  const { record, delta, snapshot, notices, settled } = tick;
  draft.message({ subject: subjects.tick(realm), data: JSON.stringify(record) });
  for (const data of commandsParts(realm, record.tick, settled))
    draft.message({ subject: subjects.settledCommands(realm), data });
  draft.message({ subject: subjects.delta(realm), data: JSON.stringify(delta) });
  for (const data of noticeParts(realm, record.tick, notices))
    draft.message({ subject: subjects.notices(realm), data });
  draft.message({ subject: subjects.snapshot(realm), data: JSON.stringify(snapshot), rollup: true });
  draft.count("tick", record.kind);
  for (const counted of record.events.map(metricLabels)) if (counted !== undefined) draft.count(...counted);
  for (const { sum, cap } of Object.values(record.factions))
    draft.clip("faction_burst", Math.max(0, sum - cap));
  if (isCheckpoint(snapshot.tick))
    draft.afterCommit(`checkpoint ${snapshot.tick}`, (bus) => keepCheckpoint(bus, snapshot));
  draft.afterCommit(`measure ${snapshot.tick}`, async () => measure(realm, tick));
  draft.afterCommit("snapshot", async (bus) => {
    crashPoint("before_snapshot");
    await refreshKv(bus, snapshot);
    crashPoint("after_snapshot");
  });
  return true;
}

function measure(realm: string, { record, notices, statistics }: TickResult): void {
  metrics.tick.set({ realm }, record.tick);
  metrics.tickLateness.set({ realm }, statistics.late_ms / 1_000);
  metrics.tickGini.set({ realm }, statistics.gini_bp);
  metrics.tickTopShare.set({ realm }, statistics.top_share_bp);
  metrics.tickUsers.set({ realm }, statistics.users);
  metrics.flips.inc({ realm }, statistics.flips);
  metrics.burstClips.inc({ realm }, statistics.clips);
  for (const { items } of notices)
    for (const { kind, role } of items) metrics.notices.inc({ realm, kind, role });
}
