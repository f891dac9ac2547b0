/** What EVENTS, VALID and a tick say of candidates and commands, a line each. Pure. */
import { z } from "zod";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted, Decision, IngestRejection } from "../../shared/contracts/decision.ts";
import { AccountId, IdempotencyKey } from "../../shared/contracts/ids.ts";
import type { SettledCommand } from "../../shared/contracts/settled-command.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { inEachLanguage, inPoints, message } from "../../shared/texts/messages.ts";
import { appliedPoints } from "../../shared/world/applied.ts";
import { sentenceOf } from "../explain/sentences.ts";

const Sentence = z.strictObject({ en: z.string(), vi: z.string() });

export const Line = z.strictObject({
  kind: z
    .string()
    .describe("`candidate`, or the kind of the command; `command` of one that the gate couldn't read"),
  event_id: z.string().optional(),
  command_id: z.string().optional(),
  source_seq: z.int().min(0).optional().describe("Sequence in RAW, as the publisher's ack had it"),
  user_id: z.string().optional(),
  idempotency_key: z.string().optional(),
  status: z
    .enum(["accepted", "quarantined", "rejected", "applied", "refused", "passed"])
    .describe("`applied` by a tick or, of a command, by the judgement; `passed`: the next tick decides"),
  reason: z.string().optional(),
  points: z.int().optional().describe("Milli-points: of the decision, and with `applied` those that counted"),
  tick: z.int().optional(),
  sentence: Sentence.optional().describe("For the player"),
});
export type Line = z.infer<typeof Line>;

/** What the lines of a tick need of an accepted event. */
export type Entry = Pick<
  Accepted,
  | "event_id"
  | "event_type"
  | "user_id"
  | "faction_id"
  | "normalized_points"
  | "idempotency_key"
  | "source_seq"
>;

export const entryOf = (decision: Accepted): Entry => ({
  event_id: decision.event_id,
  event_type: decision.event_type,
  user_id: decision.user_id,
  faction_id: decision.faction_id,
  normalized_points: decision.normalized_points,
  idempotency_key: decision.idempotency_key,
  source_seq: decision.source_seq,
});

export const decisionLine = (decision: Decision): Line => ({
  kind: "candidate",
  event_id: decision.event_id,
  source_seq: decision.source_seq,
  user_id: decision.user_id,
  idempotency_key: decision.idempotency_key,
  status: decision.validity_status,
  ...(decision.reason === undefined ? {} : { reason: decision.reason }),
  points: decision.normalized_points,
  sentence: sentenceOf(decision),
});

/** A command as the judgement decided it; who said it is named where it was a player. */
export const commandLine = (command: DecidedCommand): Line => ({
  ...saidBy(command),
  status: command.status,
  ...(command.reason === undefined ? {} : { reason: command.reason }),
});

const saidBy = ({ kind, command_id, source_seq, actor, idempotency_key }: DecidedCommand) => ({
  kind,
  command_id,
  source_seq,
  ...(actor.type === "player" ? { user_id: actor.id } : {}),
  idempotency_key,
});

/** What a tick made of the events that it counted, in the order of EVENTS, and then of the commands that it decided. */
export function tickLines(
  record: Pick<TickRecord, "tick" | "engine" | "factions">,
  entries: readonly Entry[],
  settled: readonly SettledCommand[],
  commands: ReadonlyMap<string, DecidedCommand>,
): Line[] {
  const { tick } = record;
  const applied = appliedPoints([...entries], record);
  return [
    ...entries.map(({ event_id, source_seq, user_id, idempotency_key }): Line => {
      const points = applied.get(event_id) ?? 0;
      const told = { tick, points: inPoints(points) };
      return {
        ...{
          kind: "candidate",
          event_id,
          source_seq,
          user_id,
          idempotency_key,
          status: "applied",
          points,
          tick,
        },
        sentence: inEachLanguage((language) => message(language, "explain.counted", told)),
      };
    }),
    ...settled.map(({ id, status, reason }): Line => {
      const command = commands.get(id);
      return {
        ...(command === undefined ? { kind: "command", command_id: id } : saidBy(command)),
        status,
        ...(reason === undefined ? {} : { reason }),
        tick,
      };
    }),
  ];
}

/** What of a body that the gate refused could be read: its head holds a small one whole. */
const Named = z.object({
  user_id: AccountId.optional().catch(undefined),
  idempotency_key: IdempotencyKey.optional().catch(undefined),
});

export function rejectionLine({ kind, reason, source_seq, head }: IngestRejection): Line {
  const { user_id, idempotency_key } = Named.safeParse(jsonOf(head)).data ?? {};
  return {
    kind,
    source_seq,
    ...(user_id === undefined ? {} : { user_id }),
    ...(idempotency_key === undefined ? {} : { idempotency_key }),
    status: "rejected",
    reason,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
