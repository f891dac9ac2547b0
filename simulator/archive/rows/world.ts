/**
 * WORLD into Postgres: a snapshot per tick with its ledger, and the realm as it is now. The stream holds only the last
 * snapshot, so each state is made from the one before: tick 0 from the realm's first ruleset, then delta by delta. Every
 * state is held against the hash that the tick's record states.
 */

import { ENGINE } from "../../../shared/contracts/ruleset.ts";
import type { PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import { canonicalHash } from "../../../shared/exact/canonical.ts";
import { TickChain } from "../../../shared/past/tick-chain.ts";
import type { RecordedRuleset } from "../../../shared/past/upcast.ts";
import { metrics } from "../../../shared/process/metrics.ts";
import { firstCommand } from "../../../shared/provision/provision.ts";
import { ForeignMessage, foldOrRefuse } from "../../../shared/stage/refusal.ts";
import { settledCommandsIn } from "../../../shared/stream/bodies.ts";
import type { Input } from "../../../shared/stream/reader.ts";
import { eventsStream, subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { genesis } from "../../../shared/world/genesis.ts";
import { apply } from "../../../shared/world/merge-patch.ts";
import type { Database } from "../database/database.ts";
import { ArchiveRefused, readPosition } from "../database/position.ts";
import type { Archiving, Fold, Followed } from "../follow.ts";
import { insertRows } from "./events.ts";
import { ledgerProblems } from "./gains.ts";
import { insertLedger, ledgerOf, withRepairs } from "./ledger.ts";
import { writeMembers } from "./members.ts";
import { TickInputsReader } from "./tick-inputs.ts";
import { insertSeason, type Tick, writeTick } from "./tick-rows.ts";
import { happeningRows, type Part, settledRows } from "./told-rows.ts";

/** The last archived tick. */
type TickPosition = { state: PublicState; hash: string; ruleset: RecordedRuleset };

export const world = (realm: string): Followed => ({
  stream: worldStream(realm),
  subjects: [subjects.tick(realm), subjects.settledCommands(realm), subjects.delta(realm)],
  open: async (archiving) => {
    const { database, bus } = archiving;
    const { created } = await readPosition(database, bus, realm, eventsStream(realm));
    return new WorldFold(
      archiving,
      await lastPlace(database, realm),
      new TickInputsReader(bus, realm, created),
    );
  },
});

class WorldFold implements Fold {
  readonly #archiving: Archiving;
  readonly #inputs: TickInputsReader;
  readonly #chain: TickChain;
  #place: TickPosition | undefined;
  /** The record that waits for its delta: its sequence, and the parts of its commands so far. */
  #open: { seq: number; tick: number; parts: Part[]; missing: number } | undefined;

  constructor(archiving: Archiving, place: TickPosition | undefined, inputs: TickInputsReader) {
    this.#archiving = archiving;
    this.#place = place;
    this.#inputs = inputs;
    const last = place && { tick: place.state.tick, hash: place.hash };
    this.#chain = new TickChain(archiving.realm, last);
  }

  async take(messages: Input[]): Promise<void> {
    for (const message of messages) {
      this.#archiving.signal.throwIfAborted();
      const { realm } = this.#archiving;
      if (message.subject === subjects.tick(realm)) {
        const record = this.#chain.record(message);
        if (record.kind === "genesis") await this.#archiveGenesis(record, message.seq);
        else this.#open = { seq: message.seq, tick: record.tick, parts: [], missing: 0 };
      } else if (message.subject === subjects.settledCommands(realm)) this.#takePart(message);
      else await this.#archiveTick(message);
    }
  }

  /** A tick is committed within its `take`. */
  async settled(): Promise<void> {}

  close(): Promise<void> {
    return this.#inputs.close();
  }

  async #archiveGenesis(record: TickRecord, seq: number): Promise<void> {
    const { bus, realm, commit } = this.#archiving;
    const { ruleset, at } = await firstCommand(bus, realm);
    const first = genesis(realm, ruleset, at);
    // Of an earlier engine the private part can't be made again; the public one, which rows are made of, is the same.
    const [made, stated] =
      record.engine < ENGINE
        ? [first.record.public_hash, record.public_hash]
        : [first.record.hash, record.hash];
    if (made !== stated)
      throw new ArchiveRefused(
        `the first ruleset of ${realm} gives tick 0 the hash ${made}, its record states ${stated}`,
      );
    const tick: Tick = {
      record,
      state: first.state.public,
      ruleset,
      rulesets: [{ version: record.ruleset_version, ruleset: { ...ruleset, engine: record.engine }, at }],
      initiators: new Map(),
    };
    await commit(seq, async (transaction) => {
      await insertSeason(transaction, realm, tick);
      await writeTick(transaction, realm, tick);
    });
    this.#place = { state: tick.state, hash: record.hash, ruleset };
  }

  /** A part of what became of the open tick's commands. Throws `ForeignMessage` where it isn't the next one. */
  #takePart(message: Input): void {
    const body = settledCommandsIn(message, this.#archiving.realm);
    const open = this.#open;
    if (open?.tick !== body.tick || body.part !== open.parts.length + 1)
      throw new ForeignMessage(
        message,
        `it is part ${body.part} of what became of tick ${body.tick}'s commands, and doesn't come next`,
      );
    open.parts.push({ seq: message.seq, commands: body.commands });
    open.missing = body.parts - body.part;
  }

  async #archiveTick(message: Input): Promise<void> {
    const { realm, commit, log, signal } = this.#archiving;
    const { record, state, place } = this.#next(message);
    const { seq, parts, missing } = this.#open!;
    if (missing > 0 || (record.commands !== undefined && parts.length === 0))
      throw new ForeignMessage(
        message,
        `tick ${record.tick} lacks ${missing || "all"} parts of what became of its commands`,
      );
    const { accepted, rulesets, bindings, initiators, sources } = await this.#inputs.of(record, signal);
    const ledger = withRepairs(ledgerOf(accepted, record), record, sources);
    const ruleset =
      rulesets.find(({ version }) => version === record.ruleset_version)?.ruleset ?? place.ruleset;
    // Rows tell what happened, also where it is wrong: an operator must hear of it, readers can go on.
    const problems = ledgerProblems(
      { factions: place.state.factions, record: place.state },
      { factions: state.factions, record, ruleset },
      ledger.sums,
    );
    await commit(message.seq, async (transaction) => {
      await writeTick(transaction, realm, { record, state, ruleset, rulesets, initiators });
      await writeMembers(transaction, realm, bindings);
      problems.push(...(await insertLedger(transaction, realm, record.tick, ledger)));
      await insertRows(transaction, realm, happeningRows(realm, record, seq), log);
      for (const part of parts)
        await insertRows(transaction, realm, settledRows(realm, record, part, sources), log);
    });
    const told = parts.reduce((sum, { commands }) => sum + commands.length, record.events.length);
    metrics.archivedRows.inc({ realm, table: "world_events" }, told);
    metrics.archivedRows.inc({ realm, table: "influence_ledger" }, ledger.entries.length);
    for (const problem of problems) log.error({ problem }, "ledger and record disagree");
    metrics.archiveDisagreements.inc({ realm }, problems.length);
    this.#place = { state, hash: record.hash, ruleset };
    this.#open = undefined;
  }

  /** The state after a delta. Throws `RealmRefused` where it doesn't follow what is archived. */
  #next(message: Input): { record: TickRecord; state: PublicState; place: TickPosition } {
    const { delta, record } = this.#chain.delta(message);
    const place = this.#place;
    if (place === undefined) throw new ForeignMessage(message, `tick ${delta.tick} came before tick 0`);
    // The hash says whether this is the state that the simulator had.
    const state = foldOrRefuse(message, () => apply(place.state, delta.patch)) as PublicState;
    const hash = foldOrRefuse(message, () => canonicalHash(state));
    if (hash !== record.public_hash)
      throw new ForeignMessage(
        message,
        `tick ${delta.tick} states the public hash ${record.public_hash}, its delta leads to ${hash}`,
      );
    return { record, state, place };
  }
}

async function lastPlace(database: Database, realm: string): Promise<TickPosition | undefined> {
  const { rows } = await database.query<TickPosition>(
    `SELECT s.state_json AS state, s.hash, r.ruleset_json AS ruleset
      FROM world_state_snapshots s JOIN rulesets r ON r.realm_id = s.realm_id AND r.version = s.ruleset_version
      WHERE s.realm_id = $1 ORDER BY s.tick_number DESC LIMIT 1`,
    [realm],
  );
  return rows[0];
}
