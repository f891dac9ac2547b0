/** One event from candidate to applied points: found in Postgres, or in the logs where Postgres is away or behind. */

import type { Accepted, Decision } from "../../shared/contracts/decision.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf, streamEnds } from "../../shared/stream/last-message.ts";
import { eventsStream, subjects, worldStream } from "../../shared/stream/subjects.ts";
import { appliedOf } from "./applied-points.ts";
import type { Archived, ArchiveReads } from "./archive-reads.ts";
import { findInEvents, type Looked, type Row } from "./find-event.ts";
import type { Applied } from "./sentences.ts";

export type BasedOn = {
  /** `absent`: this process has no DATABASE_READ_URL. */
  postgres: "used" | "away" | "absent";
  /** The part of EVENTS that was looked at; where Postgres has the event, what came after it was archived. */
  events: Looked;
};

export type Explained = {
  /** Every decision on the event, in stream order. */
  rows: Row[];
  /** The decision that holds: a repeat of the event's key changes nothing. */
  verdict: Decision;
  applied?: Applied;
  basedOn: BasedOn;
};

/** Most decisions that are searched, newest first. */
const MAX_BODIES = 200_000;
const SEARCH_WITHIN_MS = 20_000;

const isRepeat = ({ reason }: Decision): boolean => reason === "duplicate" || reason === "key_conflict";

/** `verdict` is absent where nothing is found. Throws `Unavailable`. */
export async function explain(
  bus: Bus,
  archive: ArchiveReads | undefined,
  realm: string,
  event: string,
): Promise<Explained | { rows: []; basedOn: BasedOn }> {
  const archived = await archive?.event(realm, event);
  const after = archived === undefined ? 0 : await archivedThrough(bus, realm, archived);
  const search = { after, maxBodies: MAX_BODIES, timeoutMs: SEARCH_WITHIN_MS };
  const { rows: recent, looked } = await findInEvents(bus, realm, event, search);
  const rows = merged(archived?.rows ?? [], recent);
  const basedOn: BasedOn = {
    postgres: archived !== undefined ? "used" : archive === undefined ? "absent" : "away",
    events: looked,
  };
  const last = rows.findLast(({ decision }) => !isRepeat(decision)) ?? rows.at(-1);
  if (last === undefined) return { rows: [], basedOn };
  const accepted = rows.findLast((row) => row.decision.validity_status === "accepted");
  const counted =
    accepted === undefined
      ? undefined
      : (archived?.applied ??
        (await appliedOf(bus, realm, { ...accepted, decision: accepted.decision as Accepted })));
  const applied = counted === undefined ? undefined : await withVoid(bus, realm, event, counted);
  return { rows, verdict: last.decision, ...(applied === undefined ? {} : { applied }), basedOn };
}

/** The sequence up to which Postgres is complete about the event; 0 where it doesn't have the event, or has another log. */
async function archivedThrough(bus: Bus, realm: string, { rows, position }: Archived): Promise<number> {
  if (rows.length === 0 || position === undefined) return 0;
  const { created } = await streamEnds(bus, eventsStream(realm));
  return created === position.created ? position.through : 0;
}

/** Rows of both, each place once. */
function merged(archived: Row[], recent: Row[]): Row[] {
  const places = new Map<string, Row>();
  for (const row of [...archived, ...recent]) places.set(`${row.sequence}.${row.index}`, row);
  return [...places.values()].sort((a, b) => a.sequence - b.sequence || a.index - b.index);
}

/** What the world remembers of the events that game masters voided in this season. */
async function withVoid(bus: Bus, realm: string, event: string, applied: Applied): Promise<Applied> {
  if (applied.status !== "applied") return applied;
  const snapshot = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  const { state } = JSON.parse(snapshot!.text()) as WorldSnapshot;
  const voided = find(state.private.voided ?? {}, event);
  return voided === undefined ? applied : { ...applied, voided: voided.points };
}
