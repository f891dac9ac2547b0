/** Commands: what operators and the system itself tell a realm. They travel the same log as candidates. */
import { z } from "zod";
import { corrections } from "./correction.ts";
import { AccountId, ContentId, Id, IdempotencyKey } from "./ids.ts";
import { Count, Instant } from "./leaves.ts";
import { CouncilOptions } from "./politics.ts";
import { ChapterReceipt, DailyActivity } from "./receipt.ts";
import { Ruleset } from "./ruleset.ts";
import { FreeObject, Statement, Text } from "./text.ts";
import { campaignExtras, Effect, MAX_CAMPAIGN_TICKS, NextCampaign, Priority } from "./trigger.ts";
import { voiding } from "./voiding.ts";

/** Largest command on `command.raw`, in bytes: a ruleset fits, RAW's `max_msg_size` holds. */
export const MAX_COMMAND_BYTES = 256 * 1024;
/** Largest command on `command.player`, in bytes. */
export const MAX_PLAYER_COMMAND_BYTES = 32 * 1024;

export const RealmStatus = z.enum(["active", "maintenance", "season_end"]);
export type RealmStatus = z.infer<typeof RealmStatus>;

/** Who says a command. */
export const Actor = z.strictObject({ type: z.enum(["player", "system", "gm"]), id: AccountId });
export type Actor = z.infer<typeof Actor>;
const Player: z.ZodType<Actor> = z.strictObject({ type: z.literal("player"), id: AccountId });

const envelope = { v: z.literal(1), idempotency_key: IdempotencyKey, realm_id: Id, actor: Actor };

/** A person's word on why, for the log. */
export const Note = Text(500);

/** What a review names: the quarantined event, and its decision as `events.quarantined` has it. */
const Review = z.strictObject({
  event: ContentId,
  note: Note.optional(),
  decision: FreeObject,
});

/** Why a game master repairs something. It stays with the command: ticks hold facts only. */
const Reason = Note.min(1);

/** An effect by its id in the public state. */
const RunningEffect = z.strictObject({
  id: z
    .string()
    .max(80)
    .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+){0,2}$/),
  note: Reason,
});

/** Thousandths of a unit of a resource. */
const Amount = z.int().min(1).max(10_000_000_000);
const Stock = z.strictObject({ faction: Id, resource: Id, amount: Amount, note: Note.optional() });

export const SOVEREIGN_ACTIONS = ["iron_levy", "veil_ward", "embargo"] as const;

const kindOf =
  <Besides extends z.ZodRawShape, Who extends z.ZodType>(besides: Besides, actor: Who) =>
  <Kind extends string, Payload extends z.ZodType>(name: Kind, payload: Payload) =>
    z.strictObject({ ...envelope, actor, kind: z.literal(name), payload, ...besides });

/** What players may say, by their story engine. */
function playersKinds<Besides extends z.ZodRawShape, Who extends z.ZodType>(besides: Besides, actor: Who) {
  const kind = kindOf(besides, actor);
  return [
    kind("member.join", z.strictObject({ user: AccountId, faction: Id, cohort: Id.optional() })),
    kind("member.switch", z.strictObject({ user: AccountId, faction: Id })),
    kind("member.leave", z.strictObject({ user: AccountId })),
    kind(
      "sovereign.propose",
      z.strictObject({ action_type: z.enum(SOVEREIGN_ACTIONS), faction: Id, target: Id.optional() }),
    ),
    kind("sovereign.counter", z.strictObject({ action: ContentId, faction: Id, stake: Amount })),
    kind("council.vote", z.strictObject({ user: AccountId, faction: Id, option: z.int().min(0).max(3) })),
    kind("chapter.receipt", ChapterReceipt),
    kind("activity.daily", DailyActivity),
  ] as const;
}

/** Every kind of command, with what is said of each besides. */
function commands<Besides extends z.ZodRawShape, Who extends z.ZodType>(besides: Besides, actor: Who) {
  const kind = kindOf(besides, actor);
  return z.discriminatedUnion("kind", [
    kind("tick.run", z.strictObject({})),
    kind("realm.status", z.strictObject({ status: RealmStatus })),
    kind(
      "ruleset.set",
      z.strictObject({
        ruleset: Ruleset,
        note: Note.optional(),
        /** Refused where another version is in force by then. */
        if_version: Count.exactOptional(),
      }),
    ),
    kind("review.release", Review),
    /** `gave_way`: the steward makes room in a full quarantine. */
    kind("review.reject", Review.extend({ gave_way: z.literal(1).exactOptional() })),
    kind("shadow.set", z.strictObject({ ruleset: Ruleset })),
    kind("shadow.clear", z.strictObject({})),
    kind(
      "campaign.open",
      z.strictObject({
        id: Id,
        /** Points. */
        goal: z.int().min(1).max(10_000_000),
        min_contributors: z.int().min(1).max(1_000_000),
        ticks: z.int().min(1).max(MAX_CAMPAIGN_TICKS),
        ...campaignExtras,
        next: NextCampaign.exactOptional(),
      }),
    ),
    kind("campaign.close", z.strictObject({ id: Id })),
    kind("season.close", z.strictObject({})),
    kind("season.open", z.strictObject({})),
    kind("council.open", z.strictObject({ faction: Id, options: CouncilOptions })),
    kind("resource.grant", Stock),
    kind("resource.spend", Stock),
    kind("world.correct", corrections({ note: Reason })),
    kind("effect.end", RunningEffect),
    kind("effect.restore", RunningEffect),
    kind("event.void", voiding(Reason)),
    kind("event.restore", voiding(Reason)),
    kind("user.ban", z.strictObject({ user: AccountId, until: Instant, note: Reason })),
    kind("user.unban", z.strictObject({ user: AccountId, note: Reason })),
    kind(
      "decree",
      z.strictObject({
        text: Statement,
        effects: z.array(Effect).max(4),
        /** Its effects give their places to triggers of a higher priority; 0 where it is absent. */
        priority: Priority.exactOptional(),
      }),
    ),
    ...playersKinds(besides, actor),
  ]);
}

/** What a story engine says for a player, on `command.player.<realm>`. */
export const PlayerCommand = z.discriminatedUnion("kind", playersKinds({}, Player));
export type PlayerCommand = z.infer<typeof PlayerCommand>;
const PLAYER_KINDS: ReadonlySet<string> = new Set(PlayerCommand.options.map(({ shape }) => shape.kind.value));
/** Whether players may say a command of this kind. */
export const isPlayersKind = (kind: string): kind is PlayerCommand["kind"] => PLAYER_KINDS.has(kind);

export const Command = commands({}, Actor);
export type Command = z.infer<typeof Command>;
/** As the API takes it: without an actor it is the token's own. */
export const AskedCommand = commands({}, Actor.optional());
export type CommandKind = Command["kind"];
export const COMMAND_KINDS = Command.options.map(({ shape }) => shape.kind.value);

/** Which stage settles a command. The normalizer decides its own for good; the world decides at a tick what was passed on. */
const SETTLED_BY = {
  "tick.run": "normalizer",
  "realm.status": "normalizer",
  "ruleset.set": "normalizer",
  "review.release": "normalizer",
  "review.reject": "normalizer",
  "shadow.set": "normalizer",
  "shadow.clear": "normalizer",
  "campaign.open": "world",
  "campaign.close": "world",
  "season.close": "world",
  "season.open": "world",
  "council.open": "world",
  "resource.grant": "world",
  "resource.spend": "world",
  "world.correct": "world",
  "effect.end": "world",
  "effect.restore": "world",
  "event.void": "world",
  "event.restore": "world",
  "user.ban": "world",
  "user.unban": "world",
  decree: "world",
  "member.join": "normalizer",
  "member.switch": "normalizer",
  "member.leave": "normalizer",
  "sovereign.propose": "world",
  "sovereign.counter": "world",
  "council.vote": "world",
  "chapter.receipt": "normalizer",
  "activity.daily": "normalizer",
} as const satisfies Record<CommandKind, "normalizer" | "world">;
export type WorldCommandKind = {
  [Kind in CommandKind]: (typeof SETTLED_BY)[Kind] extends "world" ? Kind : never;
}[CommandKind];

/** Commands that settle what events count for: a tick that counts no events leaves them to the next one. */
const SETTLING_EVENTS = [
  "campaign.open",
  "campaign.close",
  "season.open",
  "season.close",
  "event.void",
  "event.restore",
] as const;
export type SettlingEvents = (typeof SETTLING_EVENTS)[number];
export const settlesEvents = (kind: string): kind is SettlingEvents =>
  (SETTLING_EVENTS as readonly string[]).includes(kind);

const received = {
  command_id: ContentId,
  received_at: Instant,
  /** Sequence in RAW; 0 for the ruleset that a realm is provisioned with. */
  source_seq: Count,
};

/** A command that ingest let through. */
export const ValidCommand = commands(received, Actor);
export type ValidCommand = z.infer<typeof ValidCommand>;

/**
 * A command on `events.command.<realm>`. `applied` took effect in the normalizer, `refused` did not and says why,
 * `passed` is for the simulator to decide.
 */
export const DecidedCommand = commands(
  {
    ...received,
    status: z.enum(["applied", "refused", "passed"]),
    reason: z.string().exactOptional(),
    /** The version that a `ruleset.set` received. */
    ruleset_version: Count.exactOptional(),
    /** Of a `council.open`: who has its seats, and the faction's members with points in the last 7 days. */
    seats: z.array(AccountId).exactOptional(),
    active: Count.exactOptional(),
    /** Of a `council.vote`: the council that it is for, and what it weighs. */
    council: ContentId.exactOptional(),
    weight: Count.exactOptional(),
  },
  Actor,
);
export type DecidedCommand = z.infer<typeof DecidedCommand>;
