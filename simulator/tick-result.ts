/** What a tick is given and what comes of it. */
import type { Notice } from "../shared/contracts/notice.ts";
import type { SettledCommand } from "../shared/contracts/settled-command.ts";
import type {
  Happening,
  TickRecord,
  WorldDelta,
  WorldSnapshot,
  WorldState,
} from "../shared/contracts/world.ts";
import type { Settled } from "./commands/commands.ts";
import type { Influenced } from "./steps/influence.ts";
import type { Statistics } from "./steps/statistics.ts";

/** A marker with its place in EVENTS. `at`: its stream timestamp, RFC 3339 with milliseconds. */
export type Marker = {
  tick: number;
  kind: "scheduled" | "manual" | "status";
  key?: string | undefined;
  at: string;
  from_seq: number;
  through_seq: number;
};

export type TickResult = {
  state: WorldState;
  record: TickRecord;
  delta: WorldDelta;
  snapshot: WorldSnapshot;
  /** To users in code-unit order; the private hash commits to them. */
  notices: Notice[];
  /** What became of the commands that the tick decided, in log order; the private hash commits to them. */
  settled: SettledCommand[];
  statistics: Statistics;
};

/** A world turned by a tick, before anybody is told of it. */
export type Turn = {
  /** At the beginning of the tick: its place and time, what commands changed, which effects hold in it. */
  begun: WorldState;
  influenced: Influenced;
  /** After steps 1 to 6. */
  state: WorldState;
  happenings: Happening[];
  settled: Settled;
};

/** A tick of which everybody is told. */
export type Told = Turn & { notices: Notice[] };
