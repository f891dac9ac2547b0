/** What the groups of routes share. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Bus } from "../../shared/bus.ts";
import type { Command } from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import type { Env } from "../../shared/env.ts";
import type { Log } from "../../shared/log.ts";
import { commandMsgId, subjects } from "../../shared/subjects.ts";
import { Gateway } from "../gateway.ts";
import { Ticks } from "../ticks.ts";
import { Refused } from "./problems.ts";

/** A server whose routes are typed by their zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the process gives to the API. */
export type Process = { bus: Bus; env: Env; log: Log; realms: { has(realm: string): boolean } };

export const RealmPath = z.strictObject({ realm: Id });

export class Parts {
  readonly bus: Bus;
  readonly env: Env;
  readonly log: Log;
  readonly gateway: Gateway;
  readonly ticks: Ticks;
  readonly #realms: { has(realm: string): boolean };

  constructor({ bus, env, log, realms }: Process) {
    this.bus = bus;
    this.env = env;
    this.log = log;
    this.#realms = realms;
    this.gateway = new Gateway(bus);
    this.ticks = new Ticks(bus);
  }

  /** Throws a 404 where there is no such realm. */
  assertRealm(realm: string): void {
    if (!this.#realms.has(realm)) throw new Refused(404, `no realm is named ${realm}`);
  }

  /** Puts a command into its realm's RAW. Throws 404 and 422 as problems, and `Unavailable`. */
  async submitCommand(command: Command): Promise<{ seq: number; duplicate: boolean }> {
    const { realm_id: realm, idempotency_key } = command;
    this.assertRealm(realm);
    const submitted = await this.gateway.submit({
      realm,
      subject: subjects.rawCommand(realm),
      msgId: commandMsgId(idempotency_key),
      body: command,
    });
    if (submitted.kind === "conflict") throw keyConflict();
    return submitted;
  }
}

export const keyConflict = () => new Refused(422, "the idempotency key is known with another body");
