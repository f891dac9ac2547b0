/** The normalizer's entries as text and back: JSON arrays, since names would be most of an entry's bytes. */

import { DAY_MS, WINDOW_DAYS } from "../../shared/judgement/day.ts";
import { DeviceState } from "./device.ts";
import { type Codec, coldHead } from "./entry-store.ts";
import type { Membership, QuarantinedEvent, SessionState } from "./entry-types.ts";
import { PlayerState, SEEN_MS } from "./player.ts";

/** A day's points count until the seventh day after it is over. */
const DAYS_COOL_MS = (WINDOW_DAYS + 1) * DAY_MS;
/** A review that comes late is told that it is late for so long. */
const REVIEWED_MS = 15 * DAY_MS;

export const playerCodec: Codec<PlayerState> = {
  coldAtMs: (player) => Math.max(player.hottest, playerCodec.coldFromMs!(player)),
  coldFromMs: (player) => player.lastMs + Math.max(DAYS_COOL_MS, SEEN_MS),
  lastMs: (player) => player.lastMs,
  write(player) {
    const { days, today, signatures, fingerprints, times, categories, seen } = player.lists();
    return JSON.stringify([
      coldHead(playerCodec.coldAtMs(player)),
      player.through,
      player.lastMs,
      player.burst,
      player.drip,
      days,
      [today.day, ...today.sources],
      signatures,
      fingerprints,
      times,
      categories,
      seen.events,
      seen.contents,
      seen.atSeconds,
    ]);
  },
  read(text) {
    const [, through, lastMs, burst, drip, days, [day, ...sources], ...lists] = JSON.parse(text);
    const [signatures, fingerprints, times, categories, events, contents, atSeconds] = lists;
    return PlayerState.of({
      through,
      lastMs,
      burst,
      drip,
      days,
      today: { day, sources },
      signatures,
      fingerprints,
      times,
      categories,
      seen: { events, contents, atSeconds },
    });
  },
};

export const deviceCodec: Codec<DeviceState> = {
  coldAtMs: (device) => Math.max(device.burst, device.drip, device.turns, device.lastMs + DAYS_COOL_MS),
  lastMs: (device) => device.lastMs,
  write(device) {
    const { today, users } = device.lists();
    return JSON.stringify([
      coldHead(deviceCodec.coldAtMs(device)),
      device.through,
      device.lastMs,
      device.burst,
      device.drip,
      today.day,
      today.points,
      users.ids,
      users.lastMs,
      device.turns,
    ]);
  },
  read(text) {
    const [, through, lastMs, burst, drip, day, points, ids, playedMs, turns] = JSON.parse(text);
    const [today, users] = [
      { day, points },
      { ids, lastMs: playedMs },
    ];
    return DeviceState.of({ through, lastMs, burst, drip, turns, today, users });
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
