/** Every ruleset that was in force in a realm, as EVENTS has them: read on from where the last look ended. */

import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { readRuleset } from "../../shared/past/upcast.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { Unavailable } from "../gateway/gateway.ts";

export type RulesetVersion = {
  version: number;
  /** RFC 3339; when RAW received the command. */
  at: string;
  actor: DecidedCommand["actor"];
  note?: string;
  /** Rulesets from before newer numbers existed get their defaults. */
  ruleset: Ruleset;
  command_id: string;
};

type Known = { created: string; through: number; versions: readonly RulesetVersion[] };

const NOTHING: Known = { created: "", through: 0, versions: [] };
const READ_TIMEOUT_MS = 10_000;

export class RulesetVersions {
  readonly #bus: Bus;
  readonly #known = new Map<string, Promise<Known>>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Oldest first, up to what EVENTS' leader has when it is asked. Throws what NATS throws, and `Unavailable`. */
  async of(realm: string): Promise<readonly RulesetVersion[]> {
    const before = this.#known.get(realm) ?? Promise.resolve(NOTHING);
    const now = before.catch(() => NOTHING).then((known) => this.#readOn(realm, known));
    this.#known.set(realm, now);
    return (await now).versions;
  }

  forget(realm: string): void {
    this.#known.delete(realm);
  }

  async #readOn(realm: string, before: Known): Promise<Known> {
    const stream = eventsStream(realm);
    const subject = subjects.command(realm);
    const { created, firstSeq } = await streamEnds(this.#bus, stream);
    const known = created === before.created ? before : { ...NOTHING, created };
    const last = (await lastOf(this.#bus, stream, subject))?.seq ?? 0;
    if (last <= known.through) return known;
    const from = Math.max(known.through + 1, firstSeq);
    const reader = new Reader(this.#bus, { stream, subjects: [subject], created, from, gapless: false });
    const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
    const versions = [...known.versions];
    try {
      for (let through = from - 1; through < last; ) {
        const messages = await reader.take(1_000, signal);
        if (messages.length === 0) throw new Unavailable(`${stream} could not be read in time`);
        for (const message of messages) {
          versions.push(...bodiesOf<DecidedCommand>(message.data).flatMap(versionsIn));
          through = message.seq;
        }
        if (through >= last) return { created, through, versions };
      }
      return known;
    } finally {
      await reader.close();
    }
  }
}

function versionsIn(command: DecidedCommand): RulesetVersion[] {
  if (command.kind !== "ruleset.set" || command.status !== "applied") return [];
  const { ruleset_version, received_at, actor, payload, command_id } = command;
  if (ruleset_version === undefined) throw new Error(`ruleset command ${command_id} has no version`);
  return [
    {
      version: ruleset_version,
      at: received_at,
      actor,
      ...(payload.note === undefined ? {} : { note: payload.note }),
      ruleset: readRuleset(payload.ruleset),
      command_id,
    },
  ];
}
