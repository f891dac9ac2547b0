/**
 * The gate: a body of RAW in, a valid candidate or command, or a readable rejection, out. Pure: no clock, no I/O, no throw.
 * Checks go from cheap to dear: size, JSON, schema, realm, freshness.
 */
import type { z } from "zod";
import {
  Candidate,
  MAX_CANDIDATE_BYTES,
  occurredMs,
  type ValidCandidate,
} from "../../shared/contracts/candidate.ts";
import {
  COMMAND_KINDS,
  Command,
  isPlayersKind,
  MAX_COMMAND_BYTES,
  MAX_PLAYER_COMMAND_BYTES,
  PlayerCommand,
  type ValidCommand,
} from "../../shared/contracts/command.ts";
import type { IngestReason, IngestRejection } from "../../shared/contracts/decision.ts";
import { fieldProblems } from "../../shared/contracts/problem.ts";
import { sha256 } from "../../shared/exact/canonical.ts";
import { commandId, eventId } from "../../shared/exact/identity.ts";
import { timeText } from "../../shared/exact/time.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { isCandidate } from "./compiled-schema.ts";

/** Kind by subject: a `player_command` is sent by a story engine for a player. */
export type ArrivalKind = "candidate" | "command" | "player_command";
type Arrival = {
  kind: ArrivalKind;
  /** The realm that the subject names. */
  realm: string;
  data: Uint8Array;
  /** `received_at` in ms since 1970. */
  atMs: number;
  source_seq: number;
};

export type GateResult =
  | { kind: "candidate"; valid: ValidCandidate }
  | { kind: "command"; valid: ValidCommand }
  | { kind: "rejected"; rejection: IngestRejection };

/** `occurred_at` may lie this far from `received_at`, ms. */
export const STALE_AFTER_MS = 24 * 3_600_000;
export const FUTURE_AFTER_MS = 5 * 60_000;

const MAX_BYTES = {
  candidate: MAX_CANDIDATE_BYTES,
  command: MAX_COMMAND_BYTES,
  player_command: MAX_PLAYER_COMMAND_BYTES,
} as const satisfies Record<ArrivalKind, number>;
const HEAD_BYTES = 1_024;
const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder("utf-8");

/** What a message of RAW is taken for. */
export const arrivalKind = (subject: string, realm: string): ArrivalKind =>
  subject === subjects.rawCommand(realm)
    ? "command"
    : subject === subjects.playerCommand(realm)
      ? "player_command"
      : "candidate";

export function validate(arrival: Arrival): GateResult {
  const reject = (reason: IngestReason, message: string, path?: string): GateResult => ({
    kind: "rejected",
    rejection: {
      kind: arrival.kind === "candidate" ? "candidate" : "command",
      reason,
      ...(path === undefined ? {} : { path }),
      message,
      sha256: sha256(arrival.data),
      head: headOf(arrival.data),
      received_at: timeText(arrival.atMs),
      source_seq: arrival.source_seq,
    },
  });

  const limit = MAX_BYTES[arrival.kind];
  if (arrival.data.length > limit)
    return reject("too_large", `${arrival.data.length} bytes; at most ${limit}`);
  let body: unknown;
  try {
    body = JSON.parse(strict.decode(arrival.data));
  } catch (error) {
    return reject("not_json", error instanceof Error ? error.message : "not JSON");
  }

  const received_at = timeText(arrival.atMs);
  const { source_seq, realm } = arrival;
  if (arrival.kind !== "candidate") {
    const kind = (body as { kind?: unknown } | null)?.kind;
    if (typeof kind === "string") {
      if (!(COMMAND_KINDS as readonly string[]).includes(kind))
        return reject("unknown_command", `no command is named ${JSON.stringify(kind.slice(0, 64))}`, "kind");
      if (arrival.kind === "player_command" && !isPlayersKind(kind))
        return reject("forbidden_kind", `${kind} is no player's to say`, "kind");
    }
    const command = (arrival.kind === "command" ? Command : PlayerCommand).safeParse(body);
    if (!command.success) return rejectSchema(command.error);
    const { actor, realm_id, idempotency_key } = command.data;
    if (realm_id !== realm) return reject("realm_mismatch", `sent to realm ${realm}`, "realm_id");
    const command_id = commandId(realm, actor, idempotency_key);
    return { kind: "command", valid: { ...command.data, command_id, received_at, source_seq } };
  }

  if (!isCandidate(body)) return rejectSchema(Candidate.safeParse(body).error!);
  if (body.realm_id !== realm) return reject("realm_mismatch", `sent to realm ${realm}`, "realm_id");
  const saidMs = occurredMs(body);
  if (saidMs < arrival.atMs - STALE_AFTER_MS)
    return reject("stale", "occurred more than 24 h ago", "occurred_at");
  if (!(saidMs <= arrival.atMs + FUTURE_AFTER_MS))
    return reject("future", "occurs more than 5 min from now", "occurred_at");
  const event_id = eventId(realm, body.user_id, body.idempotency_key);
  return { kind: "candidate", valid: Object.assign(body, { event_id, received_at, source_seq }) };

  function rejectSchema(error: z.ZodError): GateResult {
    const { path, message } = fieldProblems(error)[0]!;
    return reject("schema", message.slice(0, 256), path.slice(0, 256));
  }
}

/** The first KiB as text; NUL, which Postgres refuses, is escaped, and what the escapes leave no room for is cut. */
function headOf(data: Uint8Array): string {
  const text = lenient.decode(data.subarray(0, HEAD_BYTES)).replaceAll("\0", "\\u0000");
  return text.slice(0, HEAD_BYTES).toWellFormed();
}
