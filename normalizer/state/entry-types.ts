/** What KV holds of a realm by id, besides players and devices. */
import type { ById } from "../../shared/exact/by-id.ts";
import type { StoredEntry } from "./entry-store.ts";

/** `through`: `source_seq` of the last decision in the entry. */
export type Entry = StoredEntry & { through: number };

/** KV `<realm>.s.<session>`. */
export type SessionState = Entry & { burst: number };

/**
 * KV `<realm>.m.<user>`; never expires. `voted`: the last council that the user voted in. `firsts`: `source_seq` of the user's first
 * decision with points in each open campaign, by its id; closed ones are forgotten with the next first.
 */
export type Membership = Entry & {
  faction: string;
  sinceMs: number;
  cohort?: string;
  voted?: string;
  firsts?: ById<number>;
};

/** KV `<realm>.q.<event>`: a quarantined event, until it is reviewed and for a while after. */
export type QuarantinedEvent = Entry & { user: string; atMs: number; hash: string; closed: 0 | 1 };
