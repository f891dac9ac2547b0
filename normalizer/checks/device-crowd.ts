import { DAY_MS, type DeviceState, WINDOW_DAYS } from "../state.ts";

/** Whether more than `most` users, this one among them, played on a device within 7 days. Up to that it is an internet café. */
export function isCrowd(device: DeviceState | undefined, user: string, atMs: number, most: number): boolean {
  if (device === undefined || device.users.size < most) return false;
  let users = 1;
  for (const [other, lastMs] of device.users)
    if (other !== user && lastMs > atMs - WINDOW_DAYS * DAY_MS) users++;
  return users > most;
}
