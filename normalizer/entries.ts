/** The normalizer's entries as text and back: JSON arrays, since names would be most of an entry's bytes. */

import { DAY_MS, WINDOW_DAYS } from "../shared/day.ts";
import { dayPairs } from "../shared/day-counters.ts";
import { hottest } from "./factors/heat.ts";
import { type Codec, coldHead } from "./shelf.ts";
import type { DeviceState, Membership, PlayerState, QuarantinedEvent, SessionState } from "./state.ts";
import { SEEN_MS } from "./state.ts";

/** A day's points count until the seventh day after it is over. */
const DAYS_COOL_MS = (WINDOW_DAYS + 1) * DAY_MS;
/** A review that comes late is told that it is late for so long. */
const REVIEWED_MS = 15 * DAY_MS;

export const playerCodec: Codec<PlayerState> = {
  coldAtMs: (player) =>
    Math.max(
      player.burst,
      player.drip,
      hottest(player.signatures),
      hottest(player.fingerprints),
      player.lastMs + Math.max(DAYS_COOL_MS, SEEN_MS),
    ),
  lastMs: (player) => player.lastMs,
  write: (player) =>
    JSON.stringify([
      coldHead(playerCodec.coldAtMs(player)),
      player.through,
      player.lastMs,
      player.burst,
      player.drip,
      player.days.flatMap(({ day, points }) => [day, points]),
      [player.today.day, ...player.today.sources],
      player.signatures,
      player.fingerprints,
      player.times,
      player.categories,
      player.seen.events,
      player.seen.contents,
      player.seen.atSeconds,
    ]),
  read(text) {
    const [
      ,
      through,
      lastMs,
      burst,
      drip,
      days,
      today,
      signatures,
      fingerprints,
      times,
      categories,
      ...seen
    ] = JSON.parse(text);
    const [day, ...sources] = today;
    const [events, contents, atSeconds] = seen;
    return {
      through,
      lastMs,
      burst,
      drip,
      days: dayPairs(days),
      today: { day, sources },
      signatures,
      fingerprints,
      times,
      categories,
      seen: { events, contents, atSeconds },
    };
  },
};

export const deviceCodec: Codec<DeviceState> = {
  coldAtMs: (device) => Math.max(device.burst, device.drip, device.turns, device.lastMs + DAYS_COOL_MS),
  lastMs: (device) => device.lastMs,
  write: (device) =>
    JSON.stringify([
      coldHead(deviceCodec.coldAtMs(device)),
      device.through,
      device.lastMs,
      device.burst,
      device.drip,
      device.today.day,
      device.today.points,
      device.users.ids,
      device.users.lastMs,
      device.turns,
    ]),
  read(text) {
    const [, through, lastMs, burst, drip, day, points, ids, playedMs, turns] = JSON.parse(text);
    return { through, lastMs, burst, drip, today: { day, points }, users: { ids, lastMs: playedMs }, turns };
  },
};

export const sessionCodec: Codec<SessionState> = {
  coldAtMs: (session) => session.burst,
  lastMs: (session) => session.burst,
  write: (session) => JSON.stringify([session.burst, session.through]),
  read(text) {
    const [burst, through] = JSON.parse(text);
    return { through, burst };
  },
};

export const memberCodec: Codec<Membership> = {
  coldAtMs: () => Number.POSITIVE_INFINITY,
  lastMs: () => Number.POSITIVE_INFINITY,
  // Most members have none of the last three: what is missing at the end is left away, before it 0 stands for it.
  write: ({ through, faction, sinceMs, cohort, voted, firsts }) =>
    JSON.stringify([
      0,
      through,
      faction,
      sinceMs,
      ...[cohort ?? 0, voted ?? 0, firsts ?? 0].slice(
        0,
        firsts !== undefined ? 3 : voted !== undefined ? 2 : cohort !== undefined ? 1 : 0,
      ),
    ]),
  read(text) {
    const [, through, faction, sinceMs, cohort = 0, voted = 0, firsts = 0] = JSON.parse(text);
    return {
      through,
      faction,
      sinceMs,
      ...(cohort === 0 ? {} : { cohort }),
      ...(voted === 0 ? {} : { voted }),
      ...(firsts === 0 ? {} : { firsts }),
    };
  },
};

export const openEventCodec: Codec<QuarantinedEvent> = {
  coldAtMs: (event) => (event.closed ? event.atMs + REVIEWED_MS : Number.POSITIVE_INFINITY),
  lastMs: () => Number.POSITIVE_INFINITY,
  write: (event) =>
    JSON.stringify([
      coldHead(openEventCodec.coldAtMs(event)),
      event.through,
      event.user,
      event.atMs,
      event.hash,
      event.closed,
    ]),
  read(text) {
    const [, through, user, atMs, hash, closed] = JSON.parse(text);
    return { through, user, atMs, hash, closed };
  },
};
