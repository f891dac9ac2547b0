/** For tests: a realm whose ticks change whatever they are told to. */

import type { PassedNotices } from "../../shared/contracts/feed.ts";
import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type {
  DerivedEvent,
  PublicState,
  TickRecord,
  WorldDelta,
  WorldSnapshot,
} from "../../shared/contracts/world.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { type BatchMessage, publishBatch } from "../../shared/stream/publish.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { apply, diff } from "../../shared/world/merge-patch.ts";

export type ScriptedTick = {
  record: TickRecord;
  delta: WorldDelta;
  snapshot: WorldSnapshot;
  notices?: PassedNotices[];
};

const FIRST_AT = "2025-01-01T00:00:00.000Z";
const demo = await loadRuleset("demo");

export class ScriptedWorld {
  readonly realm: string;
  /** Of the last tick. */
  snapshot: WorldSnapshot;

  constructor(realm: string, snapshot: WorldSnapshot = genesis(realm, demo, FIRST_AT).snapshot) {
    this.realm = realm;
    this.snapshot = snapshot;
  }

  /** The next tick. `change`: a merge patch of the public state. */
  tick(change: object = {}, events: DerivedEvent[] = []): ScriptedTick {
    const before = this.snapshot.state.public;
    const tick = before.tick + 1;
    const at = new Date(Date.parse(before.at) + 3_000).toISOString();
    const after = apply(before, { ...change, tick, at }) as PublicState;
    const hash = canonicalHash(after);
    const { realm } = this;
    const delta = { realm, tick, prev: this.snapshot.public_hash, hash, patch: diff(before, after), events };
    const state = { ...this.snapshot.state, public: after };
    const content = {
      tick,
      kind: "scheduled" as const,
      from_seq: tick,
      through_seq: tick,
      at,
      engine: ENGINE,
      ruleset_version: after.ruleset_version,
      factions: {},
      events,
      prev_hash: this.snapshot.record_hash,
      public_hash: hash,
      private_hash: canonicalHash(state.private),
    };
    const record = { ...content, hash: canonicalHash(content) };
    this.snapshot = { ...this.snapshot, tick, public_hash: hash, record_hash: record.hash, state };
    return { record, delta, snapshot: this.snapshot };
  }
}

/** Ticks in one batch, which takes 1 000 messages. */
const TICKS_AT_ONCE = 400;

/** Stores ticks as the simulator does, as many as fit in one batch. A batch rolls a subject up once, so its last tick does. */
export async function storeTicks(bus: Bus, ticks: ScriptedTick[]): Promise<void> {
  for (let i = 0; i < ticks.length; i += TICKS_AT_ONCE) {
    const batch = ticks.slice(i, i + TICKS_AT_ONCE);
    await publishBatch(bus, [...batch.flatMap(historyOf), ...headOf(batch.at(-1)!)]);
  }
}

const historyOf = ({ record, delta, notices = [] }: ScriptedTick): BatchMessage[] => [
  { subject: subjects.tick(delta.realm), data: JSON.stringify(record) },
  { subject: subjects.delta(delta.realm), data: JSON.stringify(delta) },
  ...notices.map((part) => ({ subject: subjects.notices(delta.realm), data: JSON.stringify(part) })),
];

function headOf({ snapshot }: ScriptedTick): BatchMessage[] {
  const { realm, tick } = snapshot;
  const position = { through: tick, input_created: "", worker: "test", commit_id: `test-${tick}` };
  return [
    { subject: subjects.snapshot(realm), data: JSON.stringify(snapshot), rollup: true },
    { subject: subjects.position("simulator", realm), data: JSON.stringify(position), rollup: true },
  ];
}
