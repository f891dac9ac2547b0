/** What KV holds of a realm by id, besides players and devices. */
import type { MemberEntry, QuarantinedEntry, SessionEntry } from "../../shared/judgement/caps-entry.ts";
import type { StoredEntry } from "./entry-store.ts";

/** `through`: `source_seq` of the last decision in the entry. */
export type Entry = StoredEntry & { through: number };

export type SessionState = StoredEntry & SessionEntry;

export type Membership = StoredEntry & MemberEntry;

export type QuarantinedEvent = StoredEntry & QuarantinedEntry;
