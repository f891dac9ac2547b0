/** The quarantine's list for game masters: items, groups and counts. Pure. */
import type { Quarantined, QuarantineReason } from "../../shared/contracts/decision.ts";
import { byCodeUnit } from "../../shared/exact/integers.ts";
import { fingerprintText } from "../../shared/judgement/fingerprint.ts";
import type { Quarantine } from "../../shared/quarantine/quarantine.ts";

export const GROUPINGS = ["reason", "device", "user", "fingerprint"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export type Filter = {
  reason?: QuarantineReason | undefined;
  device?: string | undefined;
  user?: string | undefined;
  fingerprint?: string | undefined;
  /** Waiting for at least so many seconds. */
  older_than_s?: number | undefined;
};

/** The key to group by; "" where an event names no device. */
const KEYS: Record<Grouping, (decision: Quarantined) => string> = {
  reason: ({ reason }) => reason,
  device: ({ device_id }) => device_id ?? "",
  user: ({ user_id }) => user_id,
  fingerprint: fingerprintText,
};

const ageOf = (decision: Quarantined, nowMs: number): number =>
  Math.max(0, Math.floor((nowMs - Date.parse(decision.received_at)) / 1_000));

/** The open events that match, oldest first. */
export function matching({ open }: Quarantine, filter: Filter, nowMs: number): Quarantined[] {
  const { older_than_s = 0 } = filter;
  const wanted = GROUPINGS.filter((by) => filter[by] !== undefined);
  return [...open.values()].filter(
    (decision) =>
      wanted.every((by) => KEYS[by](decision) === filter[by]) && ageOf(decision, nowMs) >= older_than_s,
  );
}

export type Item = ReturnType<typeof itemOf>;

/** The essentials of an open event. Ages in whole seconds. */
export function itemOf(decision: Quarantined, nowMs: number) {
  const { heat, error } = decision;
  return {
    event_id: decision.event_id,
    reason: decision.reason,
    ...(error === undefined ? {} : { error }),
    received_at: decision.received_at,
    age_s: ageOf(decision, nowMs),
    user_id: decision.user_id,
    ...(decision.device_id === undefined ? {} : { device_id: decision.device_id }),
    ...(decision.session_id === undefined ? {} : { session_id: decision.session_id }),
    faction_id: decision.faction_id,
    source: decision.source,
    event_type: decision.event_type,
    ...(decision.territory_id === undefined ? {} : { territory_id: decision.territory_id }),
    ...(decision.relic_id === undefined ? {} : { relic_id: decision.relic_id }),
    action_key: decision.action_key,
    category: decision.category,
    base_points: decision.base_points,
    fingerprint: fingerprintText(decision),
    factors: decision.factors,
    ...(heat === undefined ? {} : { heat }),
    source_seq: decision.source_seq,
  };
}

export type Group = {
  key: string;
  count: number;
  oldest_age_s: number;
  by_reason: Partial<Record<QuarantineReason, number>>;
};

/** The largest group first, ties by key. */
export function groupsOf(decisions: readonly Quarantined[], by: Grouping, nowMs: number): Group[] {
  const members = new Map<string, Quarantined[]>();
  for (const decision of decisions) {
    const key = KEYS[by](decision);
    const group = members.get(key);
    if (group === undefined) members.set(key, [decision]);
    else group.push(decision);
  }
  return [...members]
    .map(([key, group]) => {
      const { open, ...counts } = countsOf(group, nowMs);
      return { key, count: open, ...counts };
    })
    .sort((a, b) => b.count - a.count || byCodeUnit(a.key, b.key));
}

/** Of events that are oldest first. */
export function countsOf(decisions: readonly Quarantined[], nowMs: number) {
  const by_reason: Group["by_reason"] = {};
  for (const { reason } of decisions) by_reason[reason] = (by_reason[reason] ?? 0) + 1;
  const [oldest] = decisions;
  return {
    open: decisions.length,
    oldest_age_s: oldest === undefined ? 0 : ageOf(oldest, nowMs),
    by_reason,
  };
}
