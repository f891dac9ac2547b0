import { DAY_MS, WINDOW_DAYS } from "../../../shared/judgement/day.ts";
import type { DeviceState } from "../../state/device.ts";

/** Whether more than `most` users, this one among them, played on a device within 7 days. Up to that it is an internet café. */
export function isCrowd(device: DeviceState | undefined, user: string, atMs: number, most: number): boolean {
  if (device === undefined || device.users.length < most) return false;
  let users = 1;
  for (let i = 0; i < device.users.length; i++)
    if (device.users[i] !== user && device.userMs(i) > atMs - WINDOW_DAYS * DAY_MS) users++;
  return users > most;
}

/**
 * Whether a device goes from one hand to another with this event: somebody else played on it last, less than `turnMs` ago. Up
 * to 16 accounts on one device are no crowd, but a ring of them shows in its turns: one hand plays all of them at once, an
 * account every deed or two, and people pass a device on after a chapter.
 */
export function isTurn(device: DeviceState, user: string, atMs: number, turnMs: number): boolean {
  const last = device.users.length - 1;
  return last !== -1 && device.users[last] !== user && device.userMs(last) > atMs - turnMs;
}
