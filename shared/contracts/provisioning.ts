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

/** `status`: as an HTTP answer would have it. */
export const ProvisionAnswer = z.union([
  z.strictObject({ created: z.boolean() }),
  z.strictObject({ error: z.strictObject({ status: z.number().int(), message: z.string() }) }),
]);
export type ProvisionAnswer = z.infer<typeof ProvisionAnswer>;
