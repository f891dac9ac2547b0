/**
 * What a tick tells, as rows of `world_events`: a row for each derived event, and a second one for each command that the tick
 * decided, whose first says only that it passed the gate. Their places are those of the record and of the parts in WORLD.
 */
import type { Actor } from "../../../shared/contracts/command.ts";
import type { SettledCommand } from "../../../shared/contracts/settled-command.ts";
import type { Counted } from "../../../shared/contracts/voiding.ts";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { toPostgresJsonText } from "../database/postgres-json.ts";
import { lineOf, type MessageContext, type Row } from "./event-rows.ts";

/** The sender and kind of a command; for a void or a restore also what its event counted for, and when. */
export type Source = { kind: string; actor: Actor; repairs?: { counted: Counted; at: string } };

/** A part of `world.commands` and its sequence in WORLD. */
export type Part = { seq: number; commands: readonly SettledCommand[] };

type Told = { realm: string; seq: number; at: string };
const placeOf = ({ realm, seq, at }: Told, index: number): MessageContext => ({
  realm,
  stream: "WORLD",
  seq,
  index,
  at,
});

/** `seq`: of the record in WORLD. The id is the place by which readers page: `<tick>.<n>`. */
export const happeningRows = (realm: string, { events, at }: TickRecord, seq: number): Row[] =>
  events.map((event, index) => {
    const place = placeOf({ realm, seq, at }, index);
    const payload = toPostgresJsonText(event);
    const columns = {
      id: `${event.tick}.${event.n}`,
      sourceType: "system",
      eventType: event.kind,
      status: "accepted",
      reason: "reason" in event ? event.reason : undefined,
      at,
    };
    return { place, payload, line: lineOf(place, columns, payload) };
  });

/** `sources`: by id of the command, of those that came before the tick. */
export const settledRows = (
  realm: string,
  { tick, at }: TickRecord,
  { seq, commands }: Part,
  sources: ReadonlyMap<string, Source>,
): Row[] =>
  commands.map((settled, index) => {
    const place = placeOf({ realm, seq, at }, index);
    const payload = toPostgresJsonText({ ...settled, tick });
    const source = sources.get(settled.id);
    const columns = {
      id: settled.id,
      sourceType: source?.actor.type ?? "system",
      sourceId: source?.actor.id,
      eventType: source?.kind ?? "command",
      status: settled.status === "applied" ? "accepted" : "rejected",
      reason: settled.reason,
      at,
    };
    return { place, payload, line: lineOf(place, columns, payload) };
  });
