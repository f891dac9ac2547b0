/** Commands: what operators and the system itself tell a realm. They travel the same log as candidates. */
import { z } from "zod";
import { AccountId, Id, IdempotencyKey } from "./ids.ts";
import { Ruleset } from "./ruleset.ts";

/** Largest command on `command.raw`, in bytes: a ruleset fits, RAW's `max_msg_size` holds. */
export const MAX_COMMAND_BYTES = 256 * 1024;

export const RealmStatus = z.enum(["active", "maintenance", "season_end"]);
export type RealmStatus = z.infer<typeof RealmStatus>;

const envelope = {
  v: z.literal(1),
  idempotency_key: IdempotencyKey,
  realm_id: Id,
  actor: z.strictObject({ type: z.enum(["player", "system", "gm"]), id: AccountId }),
};

export const Command = z.discriminatedUnion("kind", [
  z.strictObject({ ...envelope, kind: z.literal("tick.run"), payload: z.strictObject({}) }),
  z.strictObject({
    ...envelope,
    kind: z.literal("realm.status"),
    payload: z.strictObject({ status: RealmStatus }),
  }),
  z.strictObject({
    ...envelope,
    kind: z.literal("ruleset.set"),
    payload: z.strictObject({ ruleset: Ruleset }),
  }),
]);
export type Command = z.infer<typeof Command>;
export type CommandKind = Command["kind"];
export const COMMAND_KINDS = [
  "tick.run",
  "realm.status",
  "ruleset.set",
] as const satisfies readonly CommandKind[];

/** A command that ingest let through. */
export type ValidCommand = Command & { command_id: string; received_at: string; source_seq: number };

/**
 * A command on `events.command.<realm>`. `applied` took effect in the normalizer, `refused` did not and says why,
 * `passed` is for the simulator to decide.
 */
export type DecidedCommand = ValidCommand & {
  status: "applied" | "refused" | "passed";
  reason?: string;
  /** The version that a `ruleset.set` received. */
  ruleset_version?: number;
};
