/** Shared context of the groups of routes. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  type Command,
  isPlayersKind,
  MAX_COMMAND_BYTES,
  MAX_PLAYER_COMMAND_BYTES,
} from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { commandId } from "../../shared/exact/identity.ts";
import type { Env } from "../../shared/process/env.ts";
import type { Log } from "../../shared/process/log.ts";
import type { KnownRealms } from "../../shared/stage/known-realms.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { commandMsgId, subjects } from "../../shared/stream/subjects.ts";
import { ArchiveReads } from "../explain/archive-reads.ts";
import { Gateway } from "../gateway/gateway.ts";
import { Ticks } from "../gateway/ticks.ts";
import { QuarantineFollowers } from "../quarantine/followers.ts";
import { RulesetVersions } from "../rulesets/versions.ts";
import { Refused } from "./problems.ts";

/** A server whose routes are typed by their zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Dependencies that the process gives to the API. */
export type Process = { bus: Bus; env: Env; log: Log; realms: KnownRealms };

export const RealmPath = z.strictObject({ realm: Id });

/** Waiting for a stage's answer ends after this long, ms. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** RAW counts a message's headers into its largest size. */
const HEADER_BYTES = 1_024;

export class ApiContext {
  readonly bus: Bus;
  readonly env: Env;
  readonly log: Log;
  readonly gateway: Gateway;
  readonly ticks: Ticks;
  readonly rulesets: RulesetVersions;
  /** Absent without DATABASE_READ_URL. */
  readonly archive: ArchiveReads | undefined;
  /** Realms made by this process whose entries haven't arrived from KV yet. */
  readonly made = new Set<string>();
  /** What waits for a review in each realm, with the rules and the admission that hold there. */
  readonly quarantines: QuarantineFollowers;
  readonly #realms: KnownRealms;

  constructor({ bus, env, log, realms }: Process) {
    this.bus = bus;
    this.env = env;
    this.log = log;
    this.#realms = realms;
    this.gateway = new Gateway(bus);
    this.ticks = new Ticks(bus);
    this.rulesets = new RulesetVersions(bus);
    this.quarantines = new QuarantineFollowers(bus, log);
    const url = env.DATABASE_READ_URL;
    this.archive = url === undefined ? undefined : new ArchiveReads(url, log);
    if (url === undefined)
      log.warn("DATABASE_READ_URL is absent: events and commands are looked up in EVENTS alone");
    this.onEnded((realm) => {
      this.gateway.forget(realm);
      this.ticks.forget(realm);
      this.rulesets.forget(realm);
      this.quarantines.forget(realm);
      this.made.delete(realm);
    });
  }

  /** `forget` is called with every realm that ends: what is kept of it goes. */
  onEnded(forget: (realm: string) => void): void {
    this.#realms.onEnded(forget);
  }

  /** Throws a 404 where there is no such realm, and a 410 where it has ended. */
  assertRealm(realm: string): void {
    const state = this.#realms.stateOf(realm);
    if (state === "ended") throw new Refused(410, `realm ${realm} has ended: its history is in Postgres`);
    if (state === undefined && !this.made.has(realm)) throw new Refused(404, `no realm is named ${realm}`);
  }

  /** Throws like `assertRealm`, and a 410 where the realm is ending. */
  assertOpen(realm: string): void {
    this.assertRealm(realm);
    if (this.#realms.stateOf(realm) === "ending")
      throw new Refused(410, `realm ${realm} is ending: it accepts nothing more`);
  }

  /**
   * Puts a command into its realm's RAW; answers its id and its sequence there, or the first one's when it is a repeat. What is
   * larger than the gate takes is refused here: an answered command is decided.
   * Throws 404, 410, 413, 422, 429 and 503 as problems.
   */
  async submitCommand(command: Command): Promise<{ command_id: string; seq: number; duplicate: boolean }> {
    const { realm_id: realm, idempotency_key, actor } = command;
    this.assertOpen(realm);
    const data = JSON.stringify(command);
    const players = actor.type === "player" && isPlayersKind(command.kind);
    const most = players ? MAX_PLAYER_COMMAND_BYTES : MAX_COMMAND_BYTES - HEADER_BYTES;
    if (Buffer.byteLength(data) > most)
      throw new Refused(413, `${players ? "a player's" : "a"} command has at most ${most} bytes`);
    const msgId = commandMsgId(actor, idempotency_key);
    const subject = players ? subjects.playerCommand(realm) : subjects.rawCommand(realm);
    const submitted = await this.gateway.submit({ realm, subject, msgId, data });
    if (submitted.kind === "conflict") throw keyConflict();
    const { seq, duplicate } = submitted;
    return { command_id: commandId(realm, actor, idempotency_key), seq, duplicate };
  }
}

export const keyConflict = () => new Refused(422, "the idempotency key is known with another body");
