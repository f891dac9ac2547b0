import { expect, test } from "vitest";
import { SOURCES } from "../../shared/contracts/candidate.ts";
import {
  daysOfUserEntry,
  readDeviceEntry,
  readMemberEntry,
  readUserEntry,
} from "../../shared/judgement/caps-entry.ts";
import { DeviceState } from "./device.ts";
import { deviceCodec, memberCodec, playerCodec } from "./entry-codecs.ts";
import { PlayerState } from "./player.ts";

const BARE = { through: 11, faction: "empire", sinceMs: 12, chosen: 11, left: 0 as const };

test("what others read of a player's day and faction and of a device's day is what the normalizer wrote", () => {
  const today = { day: 20_000, sources: SOURCES.map((_, i) => i * 1_000) };
  const player = PlayerState.of({
    ...new PlayerState().lists(),
    through: 7,
    lastMs: 1,
    burst: 2,
    drip: 3,
    days: [20_000, 10_000],
    times: [4],
    today,
  });
  expect(readUserEntry(playerCodec.write(player))).toMatchObject({
    through: 7,
    today,
    days: [20_000, 10_000],
  });
  expect(daysOfUserEntry(playerCodec.write(player))).toEqual([20_000, 10_000]);
  const lists = { ...new DeviceState().lists(), through: 8, lastMs: 1, burst: 2, drip: 3 };
  const device = DeviceState.of({ ...lists, today: { day: 9, points: 10 } });
  expect(readDeviceEntry(deviceCodec.write(device))).toMatchObject({
    through: 8,
    today: { day: 9, points: 10 },
  });
  const member = memberCodec.write({ ...BARE, cohort: "first" });
  expect(readMemberEntry(member)).toMatchObject({ faction: "empire" });
});

test("a membership is read back as it was, with or without a cohort, a vote, another choice, an end and what was asked", () => {
  for (const member of [
    BARE,
    { ...BARE, cohort: "first" },
    { ...BARE, voted: "a" },
    { ...BARE, cohort: "b", voted: "c" },
    { ...BARE, chosen: 9 },
    { ...BARE, left: 1 as const },
    { ...BARE, asked: [1, 2] },
  ]) {
    expect(memberCodec.read(memberCodec.write(member))).toEqual(member);
    expect(readMemberEntry(memberCodec.write(member))).toMatchObject({ faction: "empire" });
  }
});
