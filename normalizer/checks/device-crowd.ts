import { DAY_MS, type DeviceState, WINDOW_DAYS } from "../state.ts";

/** Whether more than `most` users, this one among them, played on a device within 7 days. Up to that it is an internet café. */
export function isCrowd(device: DeviceState | undefined, user: string, atMs: number, most: number): boolean {
  if (device === undefined || device.users.ids.length < most) return false;
  const { ids, lastMs } = device.users;
  let users = 1;
  for (let i = 0; i < ids.length; i++)
    if (ids[i] !== user && lastMs[i]! > atMs - WINDOW_DAYS * DAY_MS) users++;
  return users > most;
}
