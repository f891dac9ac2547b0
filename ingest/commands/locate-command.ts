/**
 * What became of a command, from the moment that it is in RAW. It moves downstream only, in commits that move a stage's position: so
 * each stream is searched behind the position of the stage that reads it, from RAW on, and no command slips through between.
 */
import { type DecidedCommand, settlesEvents } from "../../shared/contracts/command.ts";
import type { SettledCommand, SettledCommandsPart } from "../../shared/contracts/settled-command.ts";
import type { TickMarker } from "../../shared/contracts/world.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf, nextOf, streamEnds } from "../../shared/stream/last-message.ts";
import { eventsStream, rawStream, subjects, validStream, worldStream } from "../../shared/stream/subjects.ts";
import type { ArchivedCommand, ArchiveReads, DecidedAt, SettledAt } from "../explain/archive-reads.ts";
import { readBack } from "../explain/read-back.ts";
import { recordOf, tickAfter } from "../explain/tick-of.ts";
import { arrivalKind, validate } from "../gate/validate.ts";

/** `tick`: that decided it; absent where a stage before the world did. */
export type CommandState = { status: "waiting" | "applied" | "refused"; reason?: string; tick?: number };

/** Each of the streams is searched within this, ms. */
const SEARCH_WITHIN_MS = 15_000;

const WAITING: CommandState = { status: "waiting" };

/** `undefined` where no command has this id. Throws `Unavailable` where the streams can't be read in time. */
export async function stateOfCommand(
  bus: Bus,
  archive: ArchiveReads | undefined,
  realm: string,
  id: string,
): Promise<CommandState | undefined> {
  const waits = (await isInRaw(bus, realm, id)) || (await isInValid(bus, realm, id));
  const archived = await archive?.command(realm, id);
  const decided = await decisionOn(bus, archived, realm, id);
  if (decided === undefined) return waits ? WAITING : undefined;
  const { status, reason } = decided.command;
  switch (status) {
    case "applied":
    case "refused":
      return { status, ...(reason === undefined ? {} : { reason }) };
    case "passed": {
      const settled = archivedEnd(archived, decided) ?? (await settledByWorld(bus, realm, decided));
      return settled === undefined ? WAITING : stateOf(settled);
    }
    default:
      return status satisfies never;
  }
}

const stateOf = ({ id: _, ...state }: SettledAt): CommandState => state;

/** Whether RAW has it behind ingest's position. */
async function isInRaw(bus: Bus, realm: string, id: string): Promise<boolean> {
  const after = await positionOf(bus, validStream(realm), "ingest", realm);
  let found = false;
  await readBack(
    bus,
    {
      stream: rawStream(realm),
      subjects: [subjects.rawCommand(realm), subjects.playerCommand(realm)],
      after,
    },
    {
      visit({ subject, seq: source_seq, atMs, data }) {
        const read = validate({ kind: arrivalKind(subject, realm), realm, data, atMs, source_seq });
        found ||= read.kind === "command" && read.valid.command_id === id;
      },
      enough: () => found,
    },
    SEARCH_WITHIN_MS,
  );
  return found;
}

/** Whether VALID has it behind the normalizer's position. */
async function isInValid(bus: Bus, realm: string, id: string): Promise<boolean> {
  const after = await positionOf(bus, eventsStream(realm), "normalizer", realm);
  let found = false;
  await readBack(
    bus,
    { stream: validStream(realm), subjects: [subjects.validCommand(realm)], after },
    {
      visit(_message, text) {
        found ||= bodiesWith(id, text).length > 0;
      },
      enough: () => found,
    },
    SEARCH_WITHIN_MS,
  );
  return found;
}

async function positionOf(bus: Bus, stream: string, stage: string, realm: string): Promise<number> {
  const position = await lastOf(bus, stream, subjects.position(stage, realm));
  return position === undefined ? 0 : (JSON.parse(position.text()) as { through: number }).through;
}

/**
 * The decision that holds. A key that comes again is refused as a repeat, or for what its first command has left behind; so a refusal
 * holds only where nothing else does.
 */
async function decisionOn(
  bus: Bus,
  archived: ArchivedCommand | undefined,
  realm: string,
  id: string,
): Promise<DecidedAt | undefined> {
  const stream = eventsStream(realm);
  const { position } = archived ?? {};
  const sameLog = position !== undefined && position.created === (await streamEnds(bus, stream)).created;
  const known = sameLog ? archived!.decided : [];
  const found: DecidedAt[] = [];
  await readBack(
    bus,
    { stream, subjects: [subjects.command(realm)], after: sameLog ? position.through : 0 },
    {
      visit({ seq: sequence }, text) {
        for (const command of bodiesWith(id, text)) found.push({ sequence, command });
      },
      enough: () => found.some(isTaken),
    },
    SEARCH_WITHIN_MS,
  );
  const all = [...known, ...found].sort((a, b) => a.sequence - b.sequence);
  return all.findLast(isTaken) ?? all.findLast(({ command }) => command.reason !== "duplicate") ?? all.at(-1);
}

const isTaken = ({ command }: DecidedAt): boolean => command.status !== "refused";

/** What the archive has of the tick's word on this very decision: of a key that came again after a day there may be several. */
function archivedEnd(archived: ArchivedCommand | undefined, last: DecidedAt): SettledAt | undefined {
  const { decided = [], settled = [] } = archived ?? {};
  const passed = decided.filter(({ command }) => command.status === "passed");
  return passed.at(-1)?.sequence === last.sequence && settled.length === passed.length
    ? settled.at(-1)
    : undefined;
}

const bodiesWith = (id: string, bundle: string): DecidedCommand[] =>
  bundle.includes(id)
    ? (JSON.parse(bundle) as DecidedCommand[]).filter(({ command_id }) => command_id === id)
    : [];

/** What the tick made of it that decides it, by its record, which names the first commands, or its parts, which name all. */
async function settledByWorld(
  bus: Bus,
  realm: string,
  { sequence, command }: DecidedAt,
): Promise<SettledAt | undefined> {
  const { tick, marked } = await tickAfter(bus, realm, sequence, decides(command));
  const found = marked ? await recordOf(bus, realm, tick) : undefined;
  if (found === undefined) return undefined;
  const id = command.command_id;
  const isIt = (other: { id: string }) => other.id === id;
  const { record, seq } = found;
  const settled = record.commands?.find(isIt) ?? (await findInParts(bus, realm, { tick, seq }, isIt));
  if (settled !== undefined) return { ...settled, tick };
  // A tick that names no commands: an earlier engine's, which told of refusals by events alone, or a `tick.run`'s own.
  const refusal = record.events.find((event) => event.kind === "refused" && isIt(event));
  return refusal?.kind === "refused"
    ? { id, status: "refused", reason: refusal.reason, tick }
    : { id, status: "applied", tick };
}

/** Whether a marker is of the tick that decides the command. */
const decides =
  ({ kind: command, idempotency_key }: DecidedCommand) =>
  ({ kind, key }: TickMarker): boolean =>
    command === "tick.run" ? key === idempotency_key : kind !== "status" || !settlesEvents(command);

/** Looked for in a tick's parts in WORLD, which follow its record at `seq`. */
async function findInParts(
  bus: Bus,
  realm: string,
  { tick, seq }: { tick: number; seq: number },
  isIt: (settled: SettledCommand) => boolean,
): Promise<SettledCommand | undefined> {
  for (let after = seq; ; ) {
    const stored = await nextOf(bus, worldStream(realm), subjects.settledCommands(realm), after + 1);
    const part = stored && (JSON.parse(stored.text()) as SettledCommandsPart);
    if (stored === undefined || part?.tick !== tick) return undefined;
    const found = part.commands.find(isIt);
    if (found !== undefined) return found;
    after = stored.seq;
  }
}
