/** A user's counters as the judgement has them now, for those who ask from outside: what a release would give, what is left of a day. */
import type { Accepted, Quarantined } from "../../shared/contracts/decision.ts";
import { timeMs } from "../../shared/exact/time.ts";
import {
  type DeviceEntry,
  type MemberEntry,
  readDeviceEntry,
  readMemberEntry,
  readUserEntry,
  UnknownEntryVersion,
  type UserEntry,
} from "../../shared/judgement/caps-entry.ts";
import { dayNamed } from "../../shared/judgement/day.ts";
import { countDay, countDevice, countUser, noUserDay } from "../../shared/judgement/day-counters.ts";
import { countWeek, type Week } from "../../shared/judgement/fairness.ts";
import { boundTo } from "../../shared/judgement/membership.ts";
import { Watermark } from "../../shared/stage/cache.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { lastOf, type Stored, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { Unavailable } from "../gateway/gateway.ts";

/** The part of EVENTS that KV doesn't include is read within this, ms. */
const READ_WITHIN_MS = 10_000;

type Of = Pick<Quarantined, "user_id" | "device_id">;

/** What of a user and a device counted, and the realm's week. */
export type Counters = {
  user: Pick<UserEntry, "through" | "today" | "days">;
  device: Pick<DeviceEntry, "through" | "today">;
  member: MemberEntry | undefined;
  week: Week & { through: number };
  /** The accepted events up to here are counted. */
  asOf: { sequence: number; at: string };
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

/**
 * What KV has of the day's counters, and everything that EVENTS accepted since. The watermark is read first: entries that are read after
 * it include everything up to it. `today`: the day whose mean is asked for. Throws `Unavailable` where too much would have to be read,
 * and where a later release wrote the counters.
 */
export async function countersOf(bus: Bus, realm: string, of: Of, today: number): Promise<Counters> {
  const inKv = (key: string) => lastOf(bus, "KV_caps", kvSubject("caps", `${realm}.${key}`));
  const { user_id, device_id } = of;
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
    await countOn(bus, realm, counters, of, { created: ends.created, from, to: last.seq, today });
  return counters;
}

async function countOn(
  bus: Bus,
  realm: string,
  counters: Counters,
  { user_id, device_id }: Of,
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
