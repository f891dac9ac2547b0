/**
 * Notices: what a player is told when their own action changed the world. `world.notices.<realm>` carries a tick's, in
 * parts, in the tick's own batch. They follow from the tick alone; its private hash commits to them. They hold facts and no
 * words: the feed makes the sentences.
 */
import { z } from "zod";
import { SOVEREIGN_ACTIONS } from "./command.ts";
import { AccountId, BasisPoints, ContentId, Id } from "./ids.ts";
import type { ActionStatus } from "./public-state.ts";
import { Title } from "./text.ts";

/**
 * Without a `pivotal` user it would not have come about in this tick; `major` and `contributor` had a part in it. `lost`: it took from
 * their side what they had worked for. `member`: it concerns everybody of the faction.
 */
const NOTICE_ROLES = ["pivotal", "major", "contributor", "lost", "member"] as const;
export type NoticeRole = (typeof NOTICE_ROLES)[number];

/** How a sovereign action ends. */
export const ACTION_RESULTS = ["resolved", "countered", "cancelled"] as const satisfies ActionStatus[];
export type ActionResult = (typeof ACTION_RESULTS)[number];

const CAMPAIGN_ENDS = ["won", "lost", "closed"] as const;

/** Largest body on `world.notices`, in bytes. */
export const MAX_NOTICES_BYTES = 256 * 1024;

const Count = z.int().min(0);
const told = {
  /** `t<tick>.<kind>.<id>`, as facts of the tick are known elsewhere. */
  id: z.string(),
  role: z.enum(NOTICE_ROLES),
};
/**
 * `share_bp`: the user's part of what is remembered of everyone who worked towards it, or for what was lost; 10 000 where nobody
 * else did, 0 for who is pivotal without being remembered.
 */
const outcome = { ...told, share_bp: BasisPoints };

export const NoticeItem = z.discriminatedUnion("kind", [
  z.strictObject({ ...outcome, kind: z.literal("flip"), territory: Id, from: Id.optional(), to: Id }),
  z.strictObject({ ...outcome, kind: z.literal("capture"), relic: Id, from: Id.optional(), faction: Id }),
  z.strictObject({ ...outcome, kind: z.literal("trigger"), key: Id }),
  z.strictObject({
    ...outcome,
    kind: z.literal("campaign"),
    campaign: Id,
    title: Title.optional(),
    /** 1 to 3, or how it ended. */
    stage: z.union([Count, z.enum(CAMPAIGN_ENDS)]),
  }),
  z.strictObject({
    ...outcome,
    kind: z.literal("action"),
    action: ContentId,
    action_type: z.enum(SOVEREIGN_ACTIONS),
    faction: Id,
    status: z.enum(ACTION_RESULTS),
  }),
  /** The end of a season, with the place of the user's faction in its standings. */
  z.strictObject({ ...outcome, kind: z.literal("season"), season: Count, faction: Id, rank: z.int().min(1) }),
  /** The faction's burst cap cut half or more of what the user brought in this tick; milli-points. */
  z.strictObject({ ...told, kind: z.literal("clip"), faction: Id, brought: Count, applied: Count }),
]);
export type NoticeItem = z.infer<typeof NoticeItem>;

/** At most three items, the weightiest first. */
export const Notice = z.strictObject({ user: AccountId, items: z.array(NoticeItem).min(1).max(3) });
export type Notice = z.infer<typeof Notice>;

/** `part` counts from 1 to `parts`; users are in code-unit order over all parts. A tick without notices has no part. */
export const NoticesPart = z.strictObject({
  realm: Id,
  tick: z.int().min(1),
  part: z.int().min(1),
  parts: z.int().min(1),
  notices: z.array(Notice),
});
export type NoticesPart = z.infer<typeof NoticesPart>;
