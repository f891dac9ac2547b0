/** Simulator as a stage: folds EVENTS, and at each tick marker commits the tick to WORLD. */
import { type Bus, isLostRace, lastOf, publishOne } from "../shared/bus.ts";
import { canonicalHash } from "../shared/canonical.ts";
import type { TickRecord, WorldSnapshot } from "../shared/contracts/world.ts";
import { crashPoint } from "../shared/crash.ts";
import { metrics } from "../shared/metrics.ts";
import type { Input } from "../shared/reader.ts";
import { type Draft, RealmRefused, type Restoring, type Stage } from "../shared/stage.ts";
import { eventsStream, subjects, worldStream } from "../shared/subjects.ts";
import { kvSubject } from "../shared/topology.ts";
import { advance, movingSubjects, type SimulatorState, stateOf } from "./advance.ts";
import { countedAs } from "./chronicle.ts";
import { keepTime } from "./clock.ts";
import { keepHouse } from "./steward.ts";

export const simulatorStage: Stage<SimulatorState> = {
  name: "simulator",
  input: (realm) => ({
    stream: eventsStream(realm),
    subjects: movingSubjects(realm),
  }),
  outputStream: worldStream,
  restore: restoreWorld,
  step,
  duties: async (owned) => {
    await Promise.all([keepTime(owned), keepHouse(owned)]);
  },
};

async function restoreWorld({ bus, realm, position }: Restoring): Promise<SimulatorState> {
  const stream = worldStream(realm);
  const [message, record] = await Promise.all([
    lastOf(bus, stream, subjects.snapshot(realm)),
    lastOf(bus, stream, subjects.tick(realm)),
  ]);
  if (message === undefined || record === undefined)
    throw new RealmRefused(`${stream} holds no snapshot or no tick record: restore the stream from a backup`);
  const snapshot = JSON.parse(message.text()) as WorldSnapshot;
  if (snapshot.through_seq !== position.through)
    throw new RealmRefused(
      `the snapshot of tick ${snapshot.tick} ends at ${snapshot.through_seq}, the position at ${position.through}`,
    );
  if ((JSON.parse(record.text()) as TickRecord).hash !== snapshot.record_hash)
    throw new RealmRefused(`the snapshot of tick ${snapshot.tick} doesn't belong to the last tick record`);
  if (canonicalHash(snapshot.state.public) !== snapshot.public_hash)
    throw new RealmRefused(`the snapshot of tick ${snapshot.tick} doesn't have the hash that it states`);
  await refreshKv(bus, snapshot);
  metrics.tick.set({ realm }, snapshot.tick);
  return stateOf(snapshot);
}

function step(state: SimulatorState, input: Input, draft: Draft): boolean {
  const { realm } = state;
  const { events, tick } = advance(state, input);
  metrics.folded.inc({ realm }, events);
  if (tick === undefined) return false;
  const { record, delta, snapshot } = tick;
  draft.message({ subject: subjects.tick(realm), data: JSON.stringify(record) });
  draft.message({ subject: subjects.delta(realm), data: JSON.stringify(delta) });
  draft.message({ subject: subjects.snapshot(realm), data: JSON.stringify(snapshot), rollup: true });
  draft.count("tick", record.kind);
  for (const counted of record.events.map(countedAs)) if (counted !== undefined) draft.count(...counted);
  for (const { sum, cap } of Object.values(record.factions))
    draft.clip("faction_burst", Math.max(0, sum - cap));
  draft.afterCommit(async (bus) => {
    crashPoint("before_snapshot");
    await refreshKv(bus, snapshot);
    crashPoint("after_snapshot");
    metrics.tick.set({ realm }, snapshot.tick);
  });
  return true;
}

/** Puts the snapshot into KV `world` unless a later one is there. */
async function refreshKv(bus: Bus, snapshot: WorldSnapshot): Promise<void> {
  const subject = kvSubject("world", snapshot.realm);
  const held = await lastOf(bus, "KV_world", subject);
  if (held !== undefined && (JSON.parse(held.text()) as WorldSnapshot).tick >= snapshot.tick) return;
  try {
    await publishOne(bus, {
      subject,
      data: JSON.stringify(snapshot),
      expectedLastSubjectSeq: held?.seq ?? 0,
    });
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}
