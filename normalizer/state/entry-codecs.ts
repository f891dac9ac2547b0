/** The normalizer's entries as the texts of `caps-entry.ts`, and back; and from when on each equals an absent one. */

import {
  readDeviceEntry,
  readMemberEntry,
  readQuarantinedEntry,
  readSessionEntry,
  readUserEntry,
  writeDeviceEntry,
  writeMemberEntry,
  writeQuarantinedEntry,
  writeSessionEntry,
  writeUserEntry,
} from "../../shared/judgement/caps-entry.ts";
import { DAY_MS, WINDOW_DAYS } from "../../shared/judgement/day.ts";
import { DeviceState } from "./device.ts";
import type { Codec } from "./entry-store.ts";
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
  write: (player) => writeUserEntry(playerCodec.coldAtMs(player), player.lists()),
  read: (text) => PlayerState.of(readUserEntry(text)),
};

export const deviceCodec: Codec<DeviceState> = {
  coldAtMs: (device) => Math.max(device.burst, device.drip, device.turns, device.lastMs + DAYS_COOL_MS),
  lastMs: (device) => device.lastMs,
  write: (device) => writeDeviceEntry(deviceCodec.coldAtMs(device), device.lists()),
  read: (text) => DeviceState.of(readDeviceEntry(text)),
};

export const sessionCodec: Codec<SessionState> = {
  coldAtMs: (session) => session.burst,
  lastMs: (session) => session.burst,
  write: writeSessionEntry,
  read: readSessionEntry,
};

export const memberCodec: Codec<Membership> = {
  coldAtMs: () => Number.POSITIVE_INFINITY,
  lastMs: () => Number.POSITIVE_INFINITY,
  write: writeMemberEntry,
  read: readMemberEntry,
};

export const openEventCodec: Codec<QuarantinedEvent> = {
  coldAtMs: (event) => (event.closed ? event.atMs + REVIEWED_MS : Number.POSITIVE_INFINITY),
  lastMs: () => Number.POSITIVE_INFINITY,
  write: (event) => writeQuarantinedEntry(openEventCodec.coldAtMs(event), event),
  read: readQuarantinedEntry,
};
