/** What ticks make happen: the public log of a realm. */
import { z } from "zod";
import { CaptureCause, FlipCause, TriggerCause } from "./cause.ts";
import { COMMAND_KINDS, RealmStatus } from "./command.ts";
import { toldCorrections } from "./correction.ts";
import { AccountId, BasisPoints, ContentId, Id } from "./ids.ts";
import { Count, Instant, Thousandths } from "./leaves.ts";
import { ActionStatus, EffectState } from "./public-state.ts";
import { Statement, Title } from "./text.ts";

export const CouncilReason = z.enum(["voted", "tie", "no_quorum", "faction_gone", "season_closed"]);
export type CouncilReason = z.infer<typeof CouncilReason>;

/** How a season ended. */
export const SeasonResults = z.strictObject({
  /** By share descending, then id. `influence` in thousandths of a point; how many territories and relics each holds. */
  standings: z.array(
    z.strictObject({
      faction: Id,
      share_bp: BasisPoints,
      influence: Thousandths,
      territories: Count,
      relics: Count,
    }),
  ),
  /** By territory; what nobody controls is missing. */
  controllers: z.record(Id, Id),
  /** By relic; what nobody holds is missing. */
  holders: z.record(Id, Id),
});
export type SeasonResults = z.infer<typeof SeasonResults>;

/** What a tick makes happen, with what is said of each besides. */
function happenings<Besides extends z.ZodRawShape>(besides: Besides) {
  const kind = <Kind extends string, Told extends z.ZodRawShape>(name: Kind, told: Told) =>
    z.strictObject({ ...besides, kind: z.literal(name), ...told });
  const council = { id: ContentId, faction: Id };
  /** `id`: the command's. */
  const repaired = { id: ContentId, author: AccountId };
  return z.discriminatedUnion("kind", [
    /** Of these three `cause` is absent in what engine 1 recorded. */
    kind("flip", { territory: Id, from: Id.exactOptional(), to: Id, cause: FlipCause.exactOptional() }),
    kind("capture", { relic: Id, faction: Id, cause: CaptureCause.exactOptional() }),
    kind("trigger", { key: Id, cause: TriggerCause.exactOptional() }),
    /** What it does, and until when; of a meter, which is moved once, the tick itself. `author`: the game master who restored it. */
    kind("effect_start", { id: z.string(), effect: EffectState, author: AccountId.exactOptional() }),
    /** `author`: the game master who ended it. `gave_way`: a trigger of a higher priority took its place. */
    kind("effect_end", {
      id: z.string(),
      author: AccountId.exactOptional(),
      reason: z.literal("gave_way").exactOptional(),
    }),
    kind("effect_refused", {
      id: z.string(),
      reason: z.enum(["too_many", "overridden", "no_target", "season_closed"]),
    }),
    /** Stage 0 is its opening, 4 its goal. `closed`: by hand, with its season or with its faction. */
    kind("campaign", {
      id: Id,
      title: Title.exactOptional(),
      stage: z.union([Count, z.enum(["won", "lost", "closed"])]),
    }),
    z.discriminatedUnion("status", [
      kind("action", { id: ContentId, status: ActionStatus, reason: z.string().exactOptional() }),
      kind("action", { id: ContentId, status: z.literal("opposed"), faction: Id, stake: Thousandths }),
    ]),
    z.discriminatedUnion("step", [
      kind("council", {
        ...council,
        step: z.literal("open"),
        options: z.array(Statement),
        closes_tick: Count,
      }),
      /** `option`: the winning option. `reason`: whether it was voted for, or why it is the status quo. */
      kind("council", { ...council, step: z.literal("close"), option: Count, reason: CouncilReason }),
    ]),
    /** A grant or, negative, a spending; thousandths of a unit. */
    kind("resource", { faction: Id, resource: Id, change: z.int() }),
    /** A game master set a value right. `author`: as of a decree. */
    toldCorrections({ ...besides, kind: z.literal("correct"), id: ContentId, author: AccountId }),
    /**
     * A game master took back what an event had brought its faction, milli-points, or gave it back. `stays`: the territory or relic whose
     * control or claims it moved, which stay as they are.
     */
    kind("void", {
      ...repaired,
      event: ContentId,
      faction: Id,
      points: Thousandths,
      stays: Id.exactOptional(),
    }),
    kind("restore", { ...repaired, event: ContentId, faction: Id, points: Thousandths }),
    /** A game master keeps a user out until then, or no longer. Whom, stays with the command. */
    kind("ban", { ...repaired, until: Instant }),
    kind("unban", repaired),
    /** `author`: the game master's name, as their token has it. */
    kind("decree", { id: ContentId, text: Statement, author: AccountId }),
    z.discriminatedUnion("step", [
      kind("season", { season: Count, step: z.literal("close"), results: SeasonResults }),
      kind("season", { season: Count, step: z.literal("open") }),
    ]),
    /** A command that the world refused; `id` is the command's. */
    kind("refused", { id: ContentId, command: z.enum(COMMAND_KINDS), reason: z.string() }),
    kind("status", { status: RealmStatus }),
    kind("ruleset", { version: Count }),
  ]);
}

export const Happening = happenings({});
export type Happening = z.infer<typeof Happening>;

/** Numbered from 1 within its tick. */
export const DerivedEvent = happenings({ tick: Count, n: z.int().min(1) });
export type DerivedEvent = z.infer<typeof DerivedEvent>;
