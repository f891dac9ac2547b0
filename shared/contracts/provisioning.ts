/** What the provision service is asked over NATS, and answers: JSON both ways. */
import { z } from "zod";
import { Id } from "./ids.ts";
import { Ruleset } from "./ruleset.ts";
import { Text } from "./text.ts";

export const RealmName = Text(64).min(1);

/** On `provision.realm`. How large and how often replicated a realm is, the service knows by itself. */
export const RealmRequest = z.strictObject({ realm: Id, name: RealmName, ruleset: Ruleset });
export type RealmRequest = z.infer<typeof RealmRequest>;

/** On `provision.bucket`: makes the bucket again where it is lost. */
export const BucketRequest = z.strictObject({ bucket: z.string().min(1).max(64) });
export type BucketRequest = z.infer<typeof BucketRequest>;

/** On `provision.purge`: RAW behind `through`, a sequence that ingest has committed. */
export const PurgeRequest = z.strictObject({ realm: Id, through: z.int().min(1) });
export type PurgeRequest = z.infer<typeof PurgeRequest>;

/** On `provision.end`: ends the realm for good. `name`: the realm's, so that nobody ends another by a slip. */
export const EndRequest = z.strictObject({ realm: Id, name: z.string().max(64) });
export type EndRequest = z.infer<typeof EndRequest>;

/** `ending`: what it took is still on its way into the archive, and the same request again goes on. */
export const Ending = z.union([
  z.strictObject({ state: z.literal("ended") }),
  z.strictObject({ state: z.literal("ending"), waits_for: z.string() }),
]);
export type Ending = z.infer<typeof Ending>;

export const Made = z.strictObject({ created: z.boolean() });
export const Purged = z.strictObject({ purged: z.int().min(0) });
/** `status`: as an HTTP answer would have it. */
export const Failed = z.strictObject({
  error: z.strictObject({ status: z.number().int(), message: z.string() }),
});
export type Failed = z.infer<typeof Failed>;

export const ProvisionAnswer = z.union([Made, Purged, Ending, Failed]);
export type ProvisionAnswer = z.infer<typeof ProvisionAnswer>;
