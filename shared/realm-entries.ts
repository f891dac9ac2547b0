/** The realms that there are, as KV `realms` has them: `<realm>` → its name and when it was made. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { z } from "zod";
import { readBucket } from "./bucket.ts";
import { type Bus, REFUSED } from "./bus.ts";
import { Id } from "./contracts/ids.ts";
import type { Log } from "./log.ts";

export const RealmEntry = z.object({ realm_id: z.string(), name: z.string(), created_at: z.string() });
export type RealmEntry = z.infer<typeof RealmEntry>;

/** Every realm with its entry as text, by id; none before the first is made. A key that is no realm's id is nobody's. */
export async function realmTexts(bus: Bus): Promise<{ realm: string; text: string }[]> {
  try {
    const held = await readBucket(bus, "realms", ">");
    return held.flatMap(({ key, value }) => (Id.safeParse(key).success ? [{ realm: key, text: value }] : []));
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === REFUSED.streamNotFound) return [];
    throw error;
  }
}

/** Every realm, by id. One whose entry can't be read goes by its id, and the log says so. */
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
