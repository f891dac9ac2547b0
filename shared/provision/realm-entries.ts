/** The realms that there are, as KV `realms` has them: `<realm>` → its name and when it was made. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { z } from "zod";
import { Id } from "../contracts/ids.ts";
import type { Log } from "../process/log.ts";
import { readBucket } from "../stream/bucket.ts";
import type { Bus } from "../stream/bus.ts";
import { lastOf } from "../stream/last-message.ts";
import { REFUSED } from "../stream/publish.ts";
import { kvSubject } from "../stream/topology.ts";

/** An entry is never removed: the id of a realm that ended is not used again. Others of its fields stay as they are. */
export const RealmEntry = z.looseObject({
  realm_id: z.string(),
  name: z.string(),
  created_at: z.string(),
  /** Absent: the realm is there. `ending`: it takes no more, and what it took is still being archived. */
  state: z.enum(["ending", "ended"]).optional(),
  ended_at: z.string().optional(),
});
export type RealmEntry = z.infer<typeof RealmEntry>;

/** `ending`: it takes nothing any more, and what it took is being archived. `ended`: it is archived, and its streams are gone. */
export type RealmState = "open" | "ending" | "ended";

/** The state in an entry's text; a realm whose entry can't be read is there. */
export function stateIn(text: string): RealmState {
  try {
    return RealmEntry.parse(JSON.parse(text)).state ?? "open";
  } catch {
    return "open";
  }
}

/** Whether the realm's entry says that it has ended. False while KV can't be read. */
export async function hasEnded(bus: Bus, realm: string): Promise<boolean> {
  const stored = await lastOf(bus, "KV_realms", kvSubject("realms", realm)).catch(() => undefined);
  return stored !== undefined && stateIn(stored.text()) === "ended";
}

/** Why the work on a realm ends: what is still to be written has no place any more. */
export class RealmEnded extends Error {
  constructor(realm: string) {
    super(`realm ${realm} has ended`);
  }
}

/** KV `workers`, `archive.ended.<realm>`: up to which sequence the archive has each stream of a realm that is ending. */
export const ArchivedThrough = z.record(z.string(), z.int().min(0));
export type ArchivedThrough = z.infer<typeof ArchivedThrough>;
export const archivedKey = (realm: string) => `archive.ended.${realm}`;

/** Every realm with its entry as text, by id; none before the first is made. A key that is no realm's id is left out. */
export async function realmTexts(bus: Bus): Promise<{ realm: string; text: string }[]> {
  try {
    const held = await readBucket(bus, "realms", ">");
    return held.flatMap(({ key, value }) => (Id.safeParse(key).success ? [{ realm: key, text: value }] : []));
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === REFUSED.streamNotFound) return [];
    throw error;
  }
}

/** Every realm, by id. A realm whose entry can't be read is named by its id, with a warning in the log. */
export async function realmsIn(bus: Bus, log: Log): Promise<RealmEntry[]> {
  return (await realmTexts(bus)).map(({ realm, text }) => {
    try {
      return { ...RealmEntry.parse(JSON.parse(text)), realm_id: realm };
    } catch (error) {
      const reason = String(error);
      log.warn({ realm, reason }, "the realm's entry in KV realms can't be read: it goes by its id");
      return { realm_id: realm, name: realm, created_at: "unknown" };
    }
  });
}
