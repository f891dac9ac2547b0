/** EVENTS tick by tick: what the archive of a tick needs of the log, beside the tick's own record and delta. */

import { type DecidedCommand, settlesEvents } from "../../../shared/contracts/command.ts";
import type { Accepted } from "../../../shared/contracts/decision.ts";
import type { TickMarker, TickRecord } from "../../../shared/contracts/world.ts";
import type { RecordedRuleset } from "../../../shared/past/upcast.ts";
import { foldOrRefuse } from "../../../shared/stage/refusal.ts";
import { decidedIn, decisionsIn } from "../../../shared/stream/bodies.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import { type Input, Reader } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../../shared/stream/subjects.ts";
import { takeWithin } from "../../../shared/stream/take-within.ts";
import { ArchiveRefused } from "../database/position.ts";
import { MAX_MESSAGES } from "../follow.ts";
import type { Entry } from "./ledger.ts";
import { type Binding, bindByCommand, bindByEvent } from "./members.ts";
import { placesOf, scanBundle } from "./scan.ts";
import type { Source } from "./told-rows.ts";

export type NewRuleset = { version: number; ruleset: RecordedRuleset; at: string };

/** What the log brought between two markers. */
export type TickInputs = {
  accepted: Entry[];
  rulesets: NewRuleset[];
  /** By user: whom an accepted event or a command bound to which faction. */
  bindings: Map<string, Binding>;
  /** By id of the command, which is the action's: who proposed a sovereign action. */
  initiators: Map<string, string>;
  /** By id: who sent a command that the world decides, and of which kind it is. */
  sources: Map<string, Source>;
};

/** The marker of a tick that has a record is there: when nothing comes for so long, the reader has lost it. */
const PATIENCE_MS = 5_000;

/** Reads EVENTS tick by tick. An event belongs to the tick whose marker is the first after it that counts events. */
export class TickInputsReader {
  readonly #bus: Bus;
  readonly #realm: string;
  /** When EVENTS was created, as the archive knows it. */
  readonly #created: string;
  #reader: Reader | undefined;
  /** Received, but of a later tick. */
  #ahead: Input[] = [];
  /** Accepted events that wait since before a tick of kind `status`. */
  #waiting: Entry[] = [];
  /** Commands that wait with them. */
  #waitingSources: [string, Source][] = [];

  constructor(bus: Bus, realm: string, created: string) {
    this.#bus = bus;
    this.#realm = realm;
    this.#created = created;
  }

  /**
   * The inputs of a tick; ticks are asked for in order. Throws `ArchiveRefused` when EVENTS has no marker where the record
   * says, `StreamGap` when it no longer holds them, the signal's reason when aborted.
   */
  async of(record: TickRecord, signal: AbortSignal): Promise<TickInputs> {
    const inputs: TickInputs = {
      accepted: this.#waiting,
      rulesets: [],
      bindings: new Map(),
      initiators: new Map(),
      sources: new Map(this.#waitingSources),
    };
    this.#reader ??= new Reader(this.#bus, {
      stream: eventsStream(this.#realm),
      subjects: [
        subjects.accepted(this.#realm),
        subjects.command(this.#realm),
        subjects.tickMarker(this.#realm),
      ],
      created: this.#created,
      from: record.from_seq,
    });
    for (;;) {
      if (this.#ahead.length === 0)
        this.#ahead = await takeWithin(this.#reader, MAX_MESSAGES, PATIENCE_MS, signal);
      signal.throwIfAborted();
      if (this.#ahead.length === 0)
        throw new Error(
          `the marker of tick ${record.tick} at ${record.through_seq} of EVENTS does not come: reading anew`,
        );
      for (const [i, message] of this.#ahead.entries()) {
        if (message.subject !== subjects.tickMarker(this.#realm))
          foldOrRefuse(message, () => this.#gather(inputs, message));
        else if (message.seq === record.through_seq) {
          this.#ahead = this.#ahead.slice(i + 1);
          this.#waiting = record.kind === "status" ? inputs.accepted : [];
          this.#waitingSources =
            record.kind === "status" ? [...inputs.sources].filter(([, { kind }]) => settlesEvents(kind)) : [];
          return record.kind === "status" ? { ...inputs, accepted: [] } : inputs;
        } else if (isOfEarlier(message, record)) {
          // What its commands did is told of its own tick.
          inputs.rulesets.length = 0;
          inputs.initiators.clear();
        } else if (!isUnplayed(message, record))
          throw new ArchiveRefused(
            `the record of tick ${record.tick} names ${record.through_seq} as its marker, EVENTS has one at ${message.seq}`,
          );
      }
      this.#ahead = [];
    }
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  #gather(inputs: TickInputs, message: Input): void {
    if (message.subject === subjects.accepted(this.#realm)) {
      for (const entry of entriesOf(message, this.#realm)) {
        inputs.accepted.push(entry);
        bindByEvent(inputs.bindings, entry);
      }
      return;
    }
    for (const command of decidedIn(message, this.#realm))
      if (command.status !== "refused") gatherCommand(inputs, command);
  }
}

/** A marker of an earlier tick of kind `status`, since before which events wait for this one. */
function isOfEarlier({ seq, data }: Input, record: TickRecord): boolean {
  const { tick, kind } = JSON.parse(textOf(data)) as TickMarker;
  return seq < record.through_seq && tick < record.tick && kind === "status";
}

/** A marker that an earlier engine wrote and never played: what came before it belongs to the tick of that number all the same. */
const isUnplayed = ({ seq, data }: Input, record: TickRecord): boolean =>
  seq < record.through_seq && (JSON.parse(textOf(data)) as TickMarker).tick === record.tick;

function gatherCommand(inputs: TickInputs, command: DecidedCommand): void {
  const { kind, actor } = command;
  if (command.status === "passed")
    inputs.sources.set(command.command_id, { kind, actor, ...repairsOf(command) });
  if (command.kind === "sovereign.propose") inputs.initiators.set(command.command_id, command.actor.id);
  if (command.kind === "member.join" || command.kind === "member.switch")
    bindByCommand(inputs.bindings, command.payload, command.received_at);
  if (command.kind === "ruleset.set" && command.ruleset_version !== undefined) {
    const { ruleset_version: version, received_at: at } = command;
    inputs.rulesets.push({ version, ruleset: command.payload.ruleset, at });
  }
}

function repairsOf(command: DecidedCommand): Pick<Source, "repairs"> {
  if (command.kind !== "event.void" && command.kind !== "event.restore") return {};
  const { counted } = command.payload;
  return counted === undefined ? {} : { repairs: { counted, at: command.received_at } };
}

const FIELDS = [
  "event_id",
  "event_type",
  "user_id",
  "faction_id",
  "base_points",
  "normalized_points",
  "daily_cap_bucket",
  "received_at",
] as const satisfies readonly (keyof Entry)[];
const PLACES = placesOf(...FIELDS);

/** Each value is parsed, never cut out: a piece of a text keeps all of it in memory, for as long as the tick is read. */
function entriesOf(message: Input, realm: string): Entry[] {
  const scanned = scanBundle(textOf(message.data), PLACES);
  if (scanned === undefined) return decisionsIn(message, realm, "accepted").map(entryOf);
  return scanned.map(({ fields }) => {
    const [event_id, event_type, user_id, faction_id, base_points, normalized_points, ...when] = fields.map(
      (value) => (value === undefined ? undefined : JSON.parse(value)),
    );
    const [daily_cap_bucket, received_at] = when;
    const what = { event_id, event_type, user_id, faction_id, base_points, normalized_points };
    return { ...what, daily_cap_bucket, received_at };
  });
}

const entryOf = (decision: Accepted): Entry => ({
  event_id: decision.event_id,
  event_type: decision.event_type,
  user_id: decision.user_id,
  faction_id: decision.faction_id,
  base_points: decision.base_points,
  normalized_points: decision.normalized_points,
  daily_cap_bucket: decision.daily_cap_bucket,
  received_at: decision.received_at,
});
