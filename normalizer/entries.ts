/** The normalizer's entries as text and back: JSON arrays, since names would be most of an entry's bytes. */
import { type Codec, coldHead } from "./shelf.ts";
import type { DeviceState, Membership, PlayerState, QuarantinedEvent, Seen, SessionState } from "./state.ts";
import { DAY_MS, SEEN_MS, WINDOW_DAYS } from "./state.ts";

/** A day's points count until the seventh day after it is over. */
const DAYS_COOL_MS = (WINDOW_DAYS + 1) * DAY_MS;
/** A review that comes late is told that it is late for so long. */
const REVIEWED_MS = 15 * DAY_MS;

function* flat<Value>(map: ReadonlyMap<string, Value>): Generator<string | Value> {
  for (const [key, value] of map) {
    yield key;
    yield value;
  }
}

function pairs<Value>(list: readonly (string | Value)[]): Map<string, Value> {
  const map = new Map<string, Value>();
  for (let i = 0; i < list.length; i += 2) map.set(list[i] as string, list[i + 1] as Value);
  return map;
}

const hottest = (...maps: ReadonlyMap<string, number>[]): number => {
  let until = 0;
  for (const map of maps) for (const each of map.values()) if (each > until) until = each;
  return until;
};

export const playerCodec: Codec<PlayerState> = {
  coldAtMs: (player) =>
    Math.max(
      player.burst,
      player.drip,
      hottest(player.signatures, player.fingerprints),
      player.lastMs + Math.max(DAYS_COOL_MS, SEEN_MS),
    ),
  lastMs: (player) => player.lastMs,
  write(player) {
    const seen: (string | number)[] = [];
    for (const [id, { hash, atSeconds }] of player.seen) seen.push(id, hash, atSeconds);
    return JSON.stringify([
      coldHead(playerCodec.coldAtMs(player)),
      player.through,
      player.lastMs,
      player.burst,
      player.drip,
      player.days.flatMap(({ day, points }) => [day, points]),
      [player.today.day, ...player.today.sources],
      [...flat(player.signatures)],
      [...flat(player.fingerprints)],
      player.times,
      player.categories,
      seen,
    ]);
  },
  read(text) {
    const [, through, lastMs, burst, drip, days, today, signatures, fingerprints, times, categories, seen] =
      JSON.parse(text);
    const [day, ...sources] = today;
    const player: PlayerState = {
      through,
      lastMs,
      burst,
      drip,
      days: [],
      today: { day, sources },
      signatures: pairs(signatures),
      fingerprints: pairs(fingerprints),
      times,
      categories,
      seen: new Map<string, Seen>(),
    };
    for (let i = 0; i < days.length; i += 2) player.days.push({ day: days[i], points: days[i + 1] });
    for (let i = 0; i < seen.length; i += 3)
      player.seen.set(seen[i], { hash: seen[i + 1], atSeconds: seen[i + 2] });
    return player;
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
      [...flat(device.users)],
      device.turns,
    ]),
  read(text) {
    // Entries from before turns were counted have none.
    const [, through, lastMs, burst, drip, day, points, users, turns = 0] = JSON.parse(text);
    return { through, lastMs, burst, drip, today: { day, points }, users: pairs(users), turns };
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
  write: ({ through, faction, sinceMs, cohort }) =>
    JSON.stringify([0, through, faction, sinceMs, ...(cohort === undefined ? [] : [cohort])]),
  read(text) {
    const [, through, faction, sinceMs, cohort] = JSON.parse(text);
    return { through, faction, sinceMs, ...(cohort === undefined ? {} : { cohort }) };
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
