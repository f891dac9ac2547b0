/**
 * What lies between the stages, taken out of its messages with as much of a check as is paid for at every hop: that a message is a
 * bundle of objects of its realm, and that what the folds read of each body has its type. Commands and markers, which are rare, are
 * held against their whole schema. Each function throws `ForeignMessage`, which names the first body that isn't one.
 */
import { z } from "zod";
import { missingTarget, type ValidCandidate } from "../contracts/candidate.ts";
import { DecidedCommand, type ValidCommand } from "../contracts/command.ts";
import {
  Accepted,
  type Decision,
  IngestRejection,
  Quarantined,
  Rejected,
  type VERDICTS,
} from "../contracts/decision.ts";
import { fieldProblems } from "../contracts/problem.ts";
import type { SettledCommandsPart } from "../contracts/settled-command.ts";
import { TickMarker, type TickRecord, type WorldDelta, type WorldSnapshot } from "../contracts/world.ts";
import { ForeignMessage } from "../stage/refusal.ts";
import { bodiesIn, MAX_BUNDLE_BODIES, textOf } from "./codec.ts";
import { subjects } from "./subjects.ts";

/** A message as a reader hands it over, or as the leader tells it. */
export type Message = { subject: string; seq: number; data: Uint8Array };

type Fields = Record<string, unknown>;

/** The JSON of a message that is no bundle. */
export function jsonOf(message: Message): unknown {
  return parsed(message, textOf(message.data));
}

function parsed<T>(message: Message, text: string, parse: (text: string) => T = JSON.parse): T {
  try {
    return parse(text);
  } catch (error) {
    throw new ForeignMessage(message, `it is not JSON as its subject has it (${(error as Error).message})`);
  }
}

/** The bodies of a bundle, objects all of them. `text`: of the message, where it is at hand. */
function bundled(message: Message, text = textOf(message.data)): Fields[] {
  const bodies = parsed(message, text, bodiesIn<unknown>);
  if (bodies.length === 0 || bodies.length > MAX_BUNDLE_BODIES)
    throw new ForeignMessage(
      message,
      `a bundle has 1 to ${MAX_BUNDLE_BODIES} bodies, this one ${bodies.length}`,
    );
  for (let n = 0; n < bodies.length; n++)
    if (!isObject(bodies[n])) throw wrong(message, n, "it is no object");
  return bodies as Fields[];
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const wrong = (message: Message, n: number, why: string) =>
  new ForeignMessage(message, `body ${n + 1} of its bundle isn't one: ${why}`);

/** What the schema says of a body that a quick check didn't let pass. */
function problemIn(schema: z.ZodType, body: unknown): string {
  const found = schema.safeParse(body);
  if (found.success) return "it is of another realm or subject";
  const { path, message } = fieldProblems(found.error)[0]!;
  return `${path === "" ? "" : `${path}: `}${message}`;
}

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** What every body says that came through the gate. */
const isReceived = (body: Fields, realm: string): boolean =>
  body.realm_id === realm &&
  typeof body.idempotency_key === "string" &&
  typeof body.received_at === "string" &&
  isWhole(body.source_seq);

const isOfEvent = (body: Fields, realm: string): boolean =>
  isReceived(body, realm) &&
  typeof body.event_id === "string" &&
  typeof body.user_id === "string" &&
  typeof body.faction_id === "string";

/** Candidates of VALID. What else is wrong with one makes its judgement throw, and it is quarantined as `stage_error`. */
export function candidatesIn(message: Message, realm: string, text: string): ValidCandidate[] {
  const bodies = bundled(message, text);
  for (let n = 0; n < bodies.length; n++)
    if (!isOfEvent(bodies[n]!, realm))
      throw wrong(message, n, "it has not what the gate gives every candidate of this realm");
  return bodies as unknown as ValidCandidate[];
}

/** Commands of VALID. One whose payload is wrong or whose kind is unknown is refused by the judgement, with the reason. */
export function commandsIn(message: Message, realm: string): ValidCommand[] {
  const bodies = bundled(message);
  for (let n = 0; n < bodies.length; n++)
    if (!isCommand(bodies[n]!, realm))
      throw wrong(message, n, "it has not what the gate gives every command of this realm");
  return bodies as unknown as ValidCommand[];
}

const isCommand = (body: Fields, realm: string): boolean =>
  isReceived(body, realm) &&
  typeof body.command_id === "string" &&
  typeof body.kind === "string" &&
  isObject(body.actor) &&
  isObject(body.payload);

/** Decisions of one verdict on EVENTS. */
export function decisionsIn<Status extends keyof typeof VERDICTS>(
  message: Message,
  realm: string,
  status: Status,
): Extract<Decision, { validity_status: Status }>[] {
  const bodies = bundled(message);
  for (let n = 0; n < bodies.length; n++)
    if (!isDecision(bodies[n]!, realm, status))
      throw wrong(message, n, problemIn(SCHEMAS[status], bodies[n]));
  return bodies as unknown as Extract<Decision, { validity_status: Status }>[];
}

const SCHEMAS = { accepted: Accepted, quarantined: Quarantined, rejected: Rejected };
const EVENT_TYPES: ReadonlySet<unknown> = new Set(["influence_gain", "territory_push", "relic_claim"]);

/** What was quarantined may be so because a field of its candidate is wrong. */
const isDecision = (body: Fields, realm: string, status: keyof typeof VERDICTS): boolean =>
  body.validity_status === status &&
  isOfEvent(body, realm) &&
  isWhole(body.normalized_points) &&
  (status === "quarantined" || (EVENT_TYPES.has(body.event_type) && hasTarget(body)));

const hasTarget = (body: Fields): boolean => {
  const missing = missingTarget(body as { event_type: string });
  return missing === undefined;
};

const STATUSES: ReadonlySet<unknown> = new Set(["applied", "refused", "passed"]);

/** Commands of EVENTS with what became of them, of whatever release: what their kinds say is for those to check who fold them. */
export function decidedIn(message: Message, realm: string): DecidedCommand[] {
  const bodies = bundled(message);
  for (let n = 0; n < bodies.length; n++)
    if (!isCommand(bodies[n]!, realm) || !STATUSES.has(bodies[n]!.status))
      throw wrong(message, n, problemIn(DecidedCommand, bodies[n]));
  return bodies as unknown as DecidedCommand[];
}

/** What the world's fold reads of a command of each kind. */
const MOVING: ReadonlyMap<string, z.ZodType> = new Map(
  DecidedCommand.options.map(({ shape }) => {
    const { kind, payload, ruleset_version, seats, active, council, weight } = shape;
    return [kind.value, z.object({ payload, ruleset_version, seats, active, council, weight })];
  }),
);

/**
 * The same for the world's fold, to which a command's payload is what its kind's schema says. A refused command changes nothing, so it
 * may be anything.
 */
export function movingCommandsIn(message: Message, realm: string): DecidedCommand[] {
  const commands = decidedIn(message, realm);
  for (const [n, command] of commands.entries()) {
    if (command.status === "refused" || setsRules(command)) continue;
    const schema = MOVING.get(command.kind);
    if (schema === undefined) throw wrong(message, n, `this release knows no command ${command.kind}`);
    if (!schema.safeParse(command).success) throw wrong(message, n, problemIn(schema, command));
  }
  return commands;
}

/** Bounds of rulesets have changed with releases, and what is recorded was in force: who folds one asserts its engine. */
const setsRules = ({ kind, payload, ruleset_version }: DecidedCommand): boolean =>
  kind === "ruleset.set" &&
  isObject(payload.ruleset) &&
  isWhole(payload.ruleset.engine) &&
  isWhole(ruleset_version);

/** What ingest refused, on VALID. */
export function rejectionsIn(message: Message): IngestRejection[] {
  const bodies = bundled(message);
  for (let n = 0; n < bodies.length; n++) {
    const { kind, reason, received_at, source_seq } = bodies[n]!;
    if ([kind, reason, received_at].some((value) => typeof value !== "string") || !isWhole(source_seq))
      throw wrong(message, n, problemIn(IngestRejection, bodies[n]));
  }
  return bodies as unknown as IngestRejection[];
}

/** A tick marker of EVENTS. */
export function markerIn(message: Message, realm: string): TickMarker {
  const marker = TickMarker.safeParse(jsonOf(message));
  if (!marker.success) throw new ForeignMessage(message, problemIn(TickMarker, jsonOf(message)));
  if (marker.data.realm !== realm)
    throw new ForeignMessage(message, `it is a marker of ${marker.data.realm}`);
  return marker.data;
}

const isHash = (value: unknown): boolean => typeof value === "string" && value.length > 0;

/** A tick's record in WORLD. Its hash, which vouches for the rest, is the reader's to check. */
export function recordIn(message: Message): TickRecord {
  const record = jsonOf(message);
  const whole =
    isObject(record) &&
    [record.tick, record.from_seq, record.through_seq, record.engine, record.ruleset_version].every(
      isWhole,
    ) &&
    [record.kind, record.at].every((value) => typeof value === "string") &&
    [record.prev_hash, record.public_hash, record.private_hash, record.hash].every(
      (v) => typeof v === "string",
    ) &&
    isObject(record.factions) &&
    (record.commands === undefined || Array.isArray(record.commands)) &&
    Array.isArray(record.events) &&
    record.events.every(isObject);
  if (!whole) throw new ForeignMessage(message, "it is no record of a tick");
  return record as unknown as TickRecord;
}

/** A tick's delta in WORLD. Hashes vouch for the patch; the reader holds it against them. */
export function deltaIn(message: Message, realm: string): WorldDelta {
  const delta = jsonOf(message);
  const whole =
    isObject(delta) &&
    delta.realm === realm &&
    isWhole(delta.tick) &&
    isHash(delta.prev) &&
    isHash(delta.hash) &&
    isObject(delta.patch) &&
    Array.isArray(delta.events) &&
    delta.events.every(isObject);
  if (!whole) throw new ForeignMessage(message, `it is no delta of ${realm}`);
  return delta as unknown as WorldDelta;
}

const ENDS: ReadonlySet<unknown> = new Set(["applied", "refused"]);

/** A part of what became of a tick's commands, in WORLD. */
export function settledCommandsIn(message: Message, realm: string): SettledCommandsPart {
  const part = jsonOf(message);
  const whole =
    isObject(part) &&
    part.realm === realm &&
    [part.tick, part.part, part.parts].every(isWhole) &&
    Array.isArray(part.commands) &&
    part.commands.length > 0 &&
    part.commands.every((each) => isObject(each) && typeof each.id === "string" && ENDS.has(each.status));
  if (!whole) throw new ForeignMessage(message, `it is no part of what became of commands of ${realm}`);
  return part as unknown as SettledCommandsPart;
}

/** A snapshot in WORLD. Its hashes are the reader's to check. */
export function snapshotIn(message: Message, realm: string): WorldSnapshot {
  const snapshot = jsonOf(message);
  const state = isObject(snapshot) && isObject(snapshot.state) ? snapshot.state : undefined;
  const whole =
    isObject(snapshot) &&
    snapshot.realm === realm &&
    [snapshot.tick, snapshot.through_seq].every(isWhole) &&
    [snapshot.public_hash, snapshot.record_hash].every(isHash) &&
    isObject(state?.public) &&
    isObject(state?.private);
  if (!whole) throw new ForeignMessage(message, `it is no snapshot of ${realm}`);
  return snapshot as unknown as WorldSnapshot;
}

/** Bodies of any subject of EVENTS whose decisions somebody folds, by the subject's own check. */
export function decisionsOf(message: Message, realm: string): Decision[] {
  switch (message.subject) {
    case subjects.accepted(realm):
      return decisionsIn(message, realm, "accepted");
    case subjects.quarantined(realm):
      return decisionsIn(message, realm, "quarantined");
    default:
      return decisionsIn(message, realm, "rejected");
  }
}

/** Bodies of any bundle of VALID, by its subject's own check. */
export function receivedIn(message: Message, realm: string): { received_at: string }[] {
  switch (message.subject) {
    case subjects.validCandidate(realm):
      return candidatesIn(message, realm, textOf(message.data));
    case subjects.validCommand(realm):
      return commandsIn(message, realm);
    default:
      return rejectionsIn(message);
  }
}
