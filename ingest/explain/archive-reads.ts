/** Reads of an event from Postgres: read only, from the public views, and optional. */
import pg from "pg";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Decision } from "../../shared/contracts/decision.ts";
import type { SettledCommand } from "../../shared/contracts/settled-command.ts";
import type { DerivedEvent } from "../../shared/contracts/world.ts";
import type { Log } from "../../shared/process/log.ts";
import { eventsStream } from "../../shared/stream/subjects.ts";
import type { Row } from "./find-event.ts";
import { outcomesAt } from "./place-outcomes.ts";
import type { Applied } from "./sentences.ts";

export type Archived = {
  rows: Row[];
  /** Where the ledger has it. */
  applied?: Extract<Applied, { status: "applied" }>;
  /** How far EVENTS is archived: which stream of that name, and its last sequence. */
  position?: { created: string; through: number };
};

/** What the archive has of a command; everything of EVENTS up to `position` is among it. `settled`: what ticks made of it. */
export type ArchivedCommand = {
  decided: DecidedAt[];
  settled: SettledAt[];
  position?: { created: string; through: number };
};
export type SettledAt = SettledCommand & { tick: number };
/** A command as the normalizer decided it, and the sequence of its bundle in EVENTS. */
export type DecidedAt = { sequence: number; command: DecidedCommand };

/** Deadline for Postgres, ms. */
const CONNECT_MS = 2_000;
const QUERY_MS = 5_000;

export class ArchiveReads {
  readonly #pool: pg.Pool;
  readonly #log: Log;

  /** Connects when first used. */
  constructor(url: string, log: Log) {
    this.#log = log;
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: "ingest",
      // The role has the same settings; this bounds reads under any other URL.
      options: "-c search_path=amoi_read,pg_temp -c default_transaction_read_only=on",
      max: 4,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      allowExitOnIdle: true,
    });
    this.#pool.on("error", () => {}); // The next query tells.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** Everything about an event; `undefined` while Postgres doesn't answer. */
  event(realm: string, event: string): Promise<Archived | undefined> {
    return this.#orLog(async () => {
      // First the position: rows that come meanwhile lie behind it.
      const position = await this.#position(realm);
      const rows = await this.#rows(realm, event);
      const accepted = rows.findLast(({ decision }) => decision.validity_status === "accepted")?.decision;
      const applied = accepted && (await this.#applied(realm, accepted));
      return {
        rows,
        ...(applied === undefined ? {} : { applied }),
        ...(position === undefined ? {} : { position }),
      };
    });
  }

  /** Everything about a command; `undefined` while Postgres doesn't answer. */
  command(realm: string, command: string): Promise<ArchivedCommand | undefined> {
    return this.#orLog(async () => {
      const position = await this.#position(realm);
      const read = <Payload>(stream: "EVENTS" | "WORLD") =>
        this.#pool.query<{ sequence: string; payload: Payload }>(
          `SELECT stream_seq AS sequence, payload_json AS payload FROM world_events
            WHERE realm_id = $1 AND id = $2 AND stream = $3 ORDER BY stream_seq, frame_index`,
          [realm, command, stream],
        );
      const [decided, told] = await Promise.all([read<DecidedCommand>("EVENTS"), read<SettledAt>("WORLD")]);
      return {
        decided: decided.rows.map((row) => ({ sequence: Number(row.sequence), command: row.payload })),
        settled: told.rows.map(({ payload }) => payload),
        ...(position === undefined ? {} : { position }),
      };
    });
  }

  async #orLog<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#log.warn({ reason: String(error) }, "Postgres doesn't answer; EVENTS is searched instead");
      return undefined;
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #rows(realm: string, event: string): Promise<Row[]> {
    const { rows } = await this.#pool.query<{
      sequence: string;
      index: number;
      at: Date;
      decision: Decision;
    }>(
      `SELECT stream_seq AS sequence, frame_index AS index, created_at AS at, payload_json AS decision
        FROM world_events
        WHERE realm_id = $1 AND id = $2 AND stream = 'EVENTS' AND payload_json->'validity_status' IS NOT NULL
        ORDER BY stream_seq, frame_index`,
      [realm, event],
    );
    return rows.map((row) => ({ ...row, sequence: Number(row.sequence), at: row.at.toISOString() }));
  }

  async #applied(realm: string, decision: Decision): Promise<Archived["applied"]> {
    const { rows } = await this.#pool.query<{
      tick: number;
      points: string;
      burst: { sum: number; cap: number; gain_bp: number } | null;
      events: DerivedEvent[] | null;
    }>(
      `SELECT l.tick, l.applied_points AS points, s.record_json -> 'factions' -> l.faction_id AS burst,
          s.record_json -> 'events' AS events
        FROM influence_ledger l
        LEFT JOIN world_state_snapshots s ON s.realm_id = l.realm_id AND s.tick_number = l.tick
        WHERE l.realm_id = $1 AND l.source_event_id = $2`,
      [realm, decision.event_id],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const { tick, burst, events } = row;
    const outcomes = outcomesAt(events ?? [], decision);
    return {
      status: "applied",
      tick,
      points: Number(row.points),
      ...(burst === null ? {} : { burst }),
      ...(outcomes.length === 0 ? {} : { outcomes }),
    };
  }

  async #position(realm: string): Promise<Archived["position"]> {
    const { rows } = await this.#pool.query<{ created: string; through: string }>(
      "SELECT created, through FROM archive_positions WHERE realm_id = $1 AND stream = $2",
      [realm, eventsStream(realm)],
    );
    const [row] = rows;
    return row && { created: row.created, through: Number(row.through) };
  }
}
