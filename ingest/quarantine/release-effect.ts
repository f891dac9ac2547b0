/**
 * What a release would give: the formula of a release, over what KV has of the day's counters and everything that EVENTS
 * accepted since. It holds as long as nothing else of this user and device is accepted in between.
 */

import type { Accepted, Clip, Quarantined, RejectReason } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import { timeMs } from "../../shared/exact/time.ts";
import type { Admission } from "../../shared/judgement/admission.ts";
import { clip, type Left, leftToday } from "../../shared/judgement/caps.ts";
import {
  type DeviceEntry,
  type MemberEntry,
  readDeviceEntry,
  readMemberEntry,
  readUserEntry,
  UnknownEntryVersion,
  type UserEntry,
} from "../../shared/judgement/caps-entry.ts";
import { dayName, dayNamed, dayOf } from "../../shared/judgement/day.ts";
import { countDay, countDevice, countUser, noUserDay, usedOn } from "../../shared/judgement/day-counters.ts";
import {
  countWeek,
  meanPoints,
  recentPoints,
  rollingBp,
  type Week,
  weekBefore,
} from "../../shared/judgement/fairness.ts";
import { boundTo } from "../../shared/judgement/membership.ts";
import { baseMilli, pointsMilli } from "../../shared/judgement/points-formula.ts";
import { refusalReason } from "../../shared/judgement/refusal.ts";
import { Watermark } from "../../shared/stage/cache.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { lastOf, type Stored, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { Unavailable } from "../gateway/gateway.ts";

/** Milli-points. */
export type Effect = {
  /** Why the release would be refused now; the points are what it would give if it weren't. */
  refusal?: RejectReason;
  points_after_caps: number;
  points_before_caps: number;
  clipped: Clip[];
  /** What the caps would leave after it. */
  left: Left;
  /** The day whose caps it would count against. */
  daily_cap_bucket: string;
  at: string;
  /** The accepted events up to here are counted. */
  as_of: { sequence: number; at: string };
};

/** The part of EVENTS that KV doesn't include is read within this, ms. */
const READ_WITHIN_MS = 10_000;

/** Throws `Unavailable` where too much would have to be read, and where a later release wrote the counters. */
export async function effectOf(
  bus: Bus,
  realm: string,
  decision: Quarantined,
  { admission, ruleset }: { admission: Admission; ruleset: Ruleset },
  nowMs: number,
): Promise<Effect> {
  const today = dayOf(nowMs, ruleset.day_offset_minutes);
  const counted = await countersOf(bus, realm, decision, today);
  // A day never goes back, whatever a new ruleset says of its offset.
  const day = Math.max(today, counted.week.day);
  const { fairness } = ruleset.judgement;
  const used = {
    ...usedOn(counted.user.today, day, decision.source),
    device: counted.device.today.day === day ? counted.device.today.points : 0,
    rolling: rollingBp(
      {
        recent: recentPoints(counted.user.days, day),
        mean: meanPoints(weekBefore(counted.week, day), fairness),
      },
      fairness,
    ),
  };
  const left = leftToday(used, decision, ruleset);
  const points_before_caps = pointsMilli(baseMilli(decision, ruleset), decision.factors);
  const { points, clipped } = clip(points_before_caps, left);
  for (const by of ["source", "user_day", "device_day"] as const)
    if (left[by] !== undefined) left[by] -= points;
  const refusal = refusalReason({ ...admission, ruleset }, counted.member, decision, nowMs);
  return {
    ...(refusal === undefined ? {} : { refusal }),
    points_after_caps: points,
    points_before_caps,
    clipped,
    left,
    daily_cap_bucket: dayName(day),
    at: new Date(nowMs).toISOString(),
    as_of: counted.asOf,
  };
}

type Counters = {
  user: Pick<UserEntry, "through" | "today" | "days">;
  device: Pick<DeviceEntry, "through" | "today">;
  member: MemberEntry | undefined;
  week: Week & { through: number };
  asOf: Effect["as_of"];
};

const noWeek = (): Counters["week"] => ({ through: 0, day: 0, days: [], before: { points: 0, users: 0 } });

/** Throws `Unavailable` where a later release wrote the entry. */
function readCounter<Entry>(stored: Stored, read: (text: string) => Entry): Entry {
  try {
    return read(stored.text());
  } catch (error) {
    if (!(error instanceof UnknownEntryVersion)) throw error;
    throw new Unavailable(`what counted today can't be read: ${error.message}`, { cause: error });
  }
}

/** The watermark first: entries that are read after it include everything up to it. */
async function countersOf(bus: Bus, realm: string, decision: Quarantined, today: number): Promise<Counters> {
  const inKv = (key: string) => lastOf(bus, "KV_caps", kvSubject("caps", `${realm}.${key}`));
  const { user_id, device_id } = decision;
  const flushed = await inKv("r.flushed");
  const [userEntry, memberEntry, weekEntry, deviceEntry, last, ends] = await Promise.all([
    inKv(`u.${user_id}`),
    inKv(`m.${user_id}`),
    inKv("r.week"),
    device_id === undefined ? undefined : inKv(`d.${device_id}`),
    lastOf(bus, eventsStream(realm), subjects.accepted(realm)),
    streamEnds(bus, eventsStream(realm)),
  ]);
  const counters: Counters = {
    user:
      userEntry === undefined
        ? { through: 0, today: noUserDay(), days: [] }
        : readCounter(userEntry, readUserEntry),
    device:
      deviceEntry === undefined
        ? { through: 0, today: { day: 0, points: 0 } }
        : readCounter(deviceEntry, readDeviceEntry),
    week: weekEntry === undefined ? noWeek() : (JSON.parse(weekEntry.text()) as Counters["week"]),
    member: memberEntry && readCounter(memberEntry, readMemberEntry),
    asOf: {
      sequence: last?.seq ?? ends.lastSeq,
      at: new Date(last?.atMs ?? Date.now()).toISOString(),
    },
  };
  const through = flushed === undefined ? 0 : Watermark.parse(JSON.parse(flushed.text())).through;
  const from = Math.max(through + 1, ends.firstSeq);
  if (last !== undefined && last.seq >= from)
    await countOn(bus, realm, counters, decision, { created: ends.created, from, to: last.seq, today });
  return counters;
}

async function countOn(
  bus: Bus,
  realm: string,
  counters: Counters,
  { user_id, device_id }: Quarantined,
  { created, from, to, today }: { created: string; from: number; to: number; today: number },
): Promise<void> {
  const { user, device, week } = counters;
  // The week before a day is frozen when the day begins: once KV has a day's, what others do on it changes nothing here. Then
  // only bundles that name the ids are parsed, since of 50 decisions few are this user's.
  const everyone = week.day < today;
  const named = [user_id, ...(device_id === undefined ? [] : [device_id])].map((id) => `"${id}"`);
  const signal = AbortSignal.timeout(READ_WITHIN_MS);
  const stream = eventsStream(realm);
  const reader = new Reader(bus, { stream, subjects: [subjects.accepted(realm)], created, from });
  try {
    for (let read = 0; read < to; ) {
      const messages = await reader.take(1_000, signal);
      if (signal.aborted)
        throw new Unavailable("too much was accepted since the counters were written: try again");
      for (const message of messages) {
        read = message.seq;
        if (read > to) break;
        const text = textOf(message.data);
        if (!everyone && !named.some((name) => text.includes(name))) continue;
        for (const decision of JSON.parse(text) as Accepted[]) {
          if (decision.user_id === user_id) bindBy(counters, decision);
          if (decision.normalized_points === 0) continue;
          if (everyone && decision.source_seq > week.through) countWeek(week, decision);
          if (decision.user_id === user_id && decision.source_seq > user.through) countOnUser(user, decision);
          if (
            device_id !== undefined &&
            decision.device_id === device_id &&
            decision.source_seq > device.through
          )
            device.today = countDevice(device.today, decision);
        }
      }
    }
  } finally {
    await reader.close();
  }
}

/** A command that isn't flushed yet, which moved the user or let them leave, goes unseen for some seconds. */
function bindBy(counters: Counters, { faction_id: faction, source_seq, received_at, binds }: Accepted): void {
  const { member } = counters;
  if (member !== undefined && (binds === undefined || member.through >= source_seq)) return;
  counters.member = boundTo(member, { faction, source_seq, atMs: timeMs(received_at) });
}

function countOnUser(user: Counters["user"], decision: Accepted): void {
  user.today = countUser(user.today, decision);
  countDay(user.days, dayNamed(decision.daily_cap_bucket), decision.normalized_points);
}
