/**
 * Notices: who is told that their own action changed the world. Pure, and part of the tick.
 * Who was pivotal is found by leaving one out; who had a large part, on the rosters.
 */

import type { Notice, NoticeItem, NoticeRole } from "../../shared/contracts/notice.ts";
import type { PrivateState, Roster } from "../../shared/contracts/world.ts";
import { find } from "../../shared/exact/by-id.ts";
import { canonicalHash } from "../../shared/exact/canonical.ts";
import { byCodeUnit, mulDiv } from "../../shared/exact/integers.ts";
import { dayOf } from "../../shared/judgement/day.ts";
import { type Outcome, outcomesOf, type Resolving } from "./outcomes.ts";
import { topN } from "./top-n.ts";

/** Shares of the rosters that an outcome hangs on, basis points. Who has less finds it in the recap of the ledger. */
const MAJOR_BP = 1_000;
const CONTRIBUTOR_BP = 200;
const MAX_ITEMS = 3;
/** Users a day who are told of a clip: in a realm with more of them those who lost the most, since all are remembered. */
const MAX_TOLD = 4_096;

const RANK: Record<NoticeRole, number> = { pivotal: 0, member: 1, major: 2, lost: 3, contributor: 4 };

type Explained = NonNullable<PrivateState["told"]>;
type Noticed = { notices: Notice[]; private: Pick<PrivateState, "told" | "notices_hash"> };

/** The tick's notices, users in code-unit order, and what the private state keeps of them. */
export function noticesOf(resolving: Resolving): Noticed {
  const items = new Map<string, NoticeItem[]>();
  const give = (user: string, item: NoticeItem) => items.set(user, [...(items.get(user) ?? []), item]);
  for (const outcome of outcomesOf(resolving))
    for (const [user, part] of partsIn(outcome))
      give(user, itemOf(resolving.before.public.tick, outcome, part));
  for (const [user, held] of items)
    items.set(user, held.sort((a, b) => RANK[a.role] - RANK[b.role]).slice(0, MAX_ITEMS));

  const { told, clips } = clipsOf(resolving, (user) => (items.get(user)?.length ?? 0) < MAX_ITEMS);
  for (const [user, clip] of clips) give(user, clip);

  const notices = [...items]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([user, held]): Notice => ({ user, items: held }));
  return {
    notices,
    private: {
      ...(told.users.length === 0 ? {} : { told }),
      ...(notices.length === 0 ? {} : { notices_hash: canonicalHash(notices) }),
    },
  };
}

type Part = { role: NoticeRole; share_bp: number };

/** Everyone who is told of an outcome, with their part in it. */
function partsIn({ rosters, losers = [], isForAll, acted, holdsWithout }: Outcome): Map<string, Part> {
  const shares = sharesOf(rosters);
  const parts = new Map<string, Part>();
  for (const [user, share_bp] of sharesOf(losers))
    if (share_bp >= CONTRIBUTOR_BP) parts.set(user, { role: "lost", share_bp });
  for (const [user, share_bp] of shares)
    if (isForAll) parts.set(user, { role: "member", share_bp });
    else if (share_bp >= CONTRIBUTOR_BP)
      parts.set(user, { role: share_bp >= MAJOR_BP ? "major" : "contributor", share_bp });
  for (const user of acted)
    if (!holdsWithout(user)) parts.set(user, { role: "pivotal", share_bp: shares.get(user) ?? 0 });
  return parts;
}

/** Basis points of all that the rosters hold, floored. */
function sharesOf(rosters: readonly Roster[]): Map<string, number> {
  const points = new Map<string, number>();
  let all = 0;
  for (const roster of rosters)
    for (const [user, each] of Object.entries(roster)) {
      points.set(user, (points.get(user) ?? 0) + each);
      all += each;
    }
  return new Map([...points].map(([user, each]) => [user, mulDiv(each, 10_000, all)]));
}

function itemOf(tick: number, { what }: Outcome, { role, share_bp }: Part): NoticeItem {
  const told = (id: string) => ({ id: `t${tick}.${what.kind}.${id}`, role, share_bp });
  switch (what.kind) {
    case "flip":
      return { ...told(what.territory), ...what };
    case "capture":
      return { ...told(what.relic), ...what };
    case "campaign": {
      const { kind, id, stage, title } = what;
      const named = title === undefined ? {} : { title };
      return { ...told(`${id}.${stage}`), kind, campaign: id, ...named, stage };
    }
    case "action": {
      const { kind, id, status, action_type, faction } = what;
      return { ...told(id), kind, action: id, action_type, faction, status };
    }
    case "trigger":
      return { ...told(what.key), ...what };
    case "season":
      return { ...told(`${what.season}.${what.faction}`), ...what };
    default:
      return what satisfies never;
  }
}

/** Whose points the burst cap cut by half or more, once a day each; `free`: whether a user can take one more item. */
function clipsOf(
  { before, influenced }: Resolving,
  free: (user: string) => boolean,
): { told: Explained; clips: Map<string, NoticeItem> } {
  const { tick, at } = before.public;
  const day = dayOf(Date.parse(at), before.private.ruleset.day_offset_minutes);
  const today = before.private.told?.day === day ? before.private.told : undefined;
  const told = today ?? { day, users: [] };
  const known = new Set(told.users);
  const lost = new Map<string, { faction: string; brought: number; applied: number }>();
  for (const [faction, { names, brought, applied }] of influenced.crowd) {
    const { sum, cap } = find(influenced.record, faction)!;
    if (sum <= cap) continue;
    for (const [number, user] of names.entries()) {
      const cut = { faction, brought: brought[number]!, applied: applied[number]! };
      const isHalf = cut.brought > 0 && cut.applied * 2 <= cut.brought;
      if (isHalf && !known.has(user) && !lost.has(user) && free(user)) lost.set(user, cut);
    }
  }
  const most = topN(
    [...lost].map(([user, { brought, applied }]) => [user, brought - applied]),
    Math.max(0, MAX_TOLD - told.users.length),
  ).map(([user]) => user);
  if (most.length === 0) return { told, clips: new Map() };
  return {
    told: { day, users: [...told.users, ...most].sort(byCodeUnit) },
    clips: new Map(
      most.map((user) => {
        const cut = lost.get(user)!;
        return [user, { id: `t${tick}.clip.${cut.faction}`, role: "contributor", kind: "clip", ...cut }];
      }),
    ),
  };
}
