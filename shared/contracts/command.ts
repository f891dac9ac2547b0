/** Commands: what operators and the system itself tell a realm. They travel the same log as candidates. */
import { z } from "zod";
import { AccountId, Id, IdempotencyKey } from "./ids.ts";
import { Ruleset } from "./ruleset.ts";
import { FreeObject, Text } from "./text.ts";

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

/** A person's word on why, for the log. */
export const Note = Text(500);

/** What a review names: the quarantined event, and its decision as `events.quarantined` has it. */
const Review = z.strictObject({
  event: z.string().regex(/^[a-z2-7]{26}$/),
  note: Note.optional(),
  decision: FreeObject,
});

const kind = <Kind extends string, Payload extends z.ZodType>(name: Kind, payload: Payload) =>
  z.strictObject({ ...envelope, kind: z.literal(name), payload });

export const Command = z.discriminatedUnion("kind", [
  kind("tick.run", z.strictObject({})),
  kind("realm.status", z.strictObject({ status: RealmStatus })),
  kind("ruleset.set", z.strictObject({ ruleset: Ruleset, note: Note.optional() })),
  kind("member.join", z.strictObject({ user: AccountId, faction: Id, cohort: Id.optional() })),
  kind("member.switch", z.strictObject({ user: AccountId, faction: Id })),
  kind("review.release", Review),
  kind("review.reject", Review),
  kind("shadow.set", z.strictObject({ ruleset: Ruleset })),
  kind("shadow.clear", z.strictObject({})),
]);
export type Command = z.infer<typeof Command>;
export type CommandKind = Command["kind"];
export const COMMAND_KINDS = Command.options.map(({ shape }) => shape.kind.value);

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
