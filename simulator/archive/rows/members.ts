/** Who belongs to which faction: a user's first accepted event binds, commands bind and bind anew. */
import type { Transaction } from "../database/database.ts";
import { toPostgresJsonText } from "../database/postgres-json.ts";
import type { Entry } from "./ledger.ts";

export type Binding = {
  user: string;
  faction: string;
  at: string;
  /** The accepted event that bound the user. */
  event?: string;
  cohort?: string;
  /** What an event of the same tick had bound before the command. */
  before?: Binding;
};

/** Changes nothing where the user is bound already, nor by an event without a time, of which the ledger tells. */
export function bindByEvent(bindings: Map<string, Binding>, entry: Entry): void {
  if (bindings.has(entry.user_id) || Number.isNaN(Date.parse(entry.received_at))) return;
  const { user_id: user, faction_id: faction, received_at: at, event_id: event } = entry;
  bindings.set(user, { user, faction, at, event });
}

/** A command has the last word; the event that bound the user before it stays the source of a faction that stays. */
export function bindByCommand(
  bindings: Map<string, Binding>,
  { user, faction, cohort }: { user: string; faction: string; cohort?: string | undefined },
  at: string,
): void {
  const bound = bindings.get(user);
  const before = bound?.event === undefined ? bound?.before : bound;
  bindings.set(user, {
    user,
    faction,
    at,
    ...(cohort === undefined ? {} : { cohort }),
    ...(before === undefined ? {} : { before }),
  });
}

/** A statement's rows: more gain nothing. */
const MAX_ROWS = 5_000;

/** Writes what a tick's inputs bound. The time of a membership is that of its faction. */
export async function writeMembers(
  transaction: Transaction,
  realm: string,
  bindings: ReadonlyMap<string, Binding>,
): Promise<void> {
  const all = [...bindings.values()].flatMap(({ before, ...last }) =>
    before === undefined ? [last] : [before, last],
  );
  for (const [kind, conflict] of [
    ["event", "NOTHING"],
    [
      "command",
      `UPDATE SET faction_id = excluded.faction_id, cohort = coalesce(excluded.cohort, m.cohort),
        source_event_id = CASE WHEN m.faction_id = excluded.faction_id THEN m.source_event_id END,
        created_at = CASE WHEN m.faction_id = excluded.faction_id THEN m.created_at ELSE excluded.created_at END`,
    ],
  ] as const) {
    const rows = all.filter(({ event }) => (event !== undefined) === (kind === "event"));
    for (let start = 0; start < rows.length; start += MAX_ROWS)
      await transaction.query({
        name: `members by ${kind}`,
        text: `INSERT INTO memberships AS m (realm_id, user_id, faction_id, source_event_id, cohort, created_at)
          SELECT $1, "user", faction, event, cohort, at
          FROM jsonb_to_recordset($2::jsonb) AS r ("user" text, faction text, event text, cohort text, at timestamptz)
          ON CONFLICT (realm_id, user_id) DO ${conflict}`,
        values: [realm, toPostgresJsonText(rows.slice(start, start + MAX_ROWS))],
      });
  }
}
