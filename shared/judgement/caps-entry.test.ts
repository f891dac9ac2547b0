import { expect, test } from "vitest";
import {
  daysOfUserEntry,
  readDeviceEntry,
  readMemberEntry,
  readUserEntry,
  writeDeviceEntry,
  writeMemberEntry,
  writeUserEntry,
} from "./caps-entry.ts";

// The texts stand here as running stores hold them: another layout must still read these, or make the cache be rebuilt.
test("a player's entry is read back from the text that stores hold", () => {
  const text = "[99,7,1,2,3,[20000,10000],[20000,1,2,3,4,5],[11,12],[13,14],[15],[16,17,18],[19],[20],[21]]";
  const entry = readUserEntry(text);
  expect(entry).toEqual({
    through: 7,
    lastMs: 1,
    burst: 2,
    drip: 3,
    days: [20_000, 10_000],
    today: { day: 20_000, sources: [1, 2, 3, 4, 5] },
    signatures: [11, 12],
    fingerprints: [13, 14],
    times: [15],
    categories: [16, 17, 18],
    seen: { events: [19], contents: [20], atSeconds: [21] },
  });
  expect(writeUserEntry(99, entry)).toBe(text);
  expect(daysOfUserEntry(text)).toEqual(entry.days);
});

test("a device's entry is read back from the text that stores hold", () => {
  const text = '[99,8,1,2,3,9,10,["ada","bob"],[4,5],6]';
  const entry = readDeviceEntry(text);
  expect(entry).toEqual({
    through: 8,
    lastMs: 1,
    burst: 2,
    drip: 3,
    turns: 6,
    today: { day: 9, points: 10 },
    users: { ids: ["ada", "bob"], lastMs: [4, 5] },
  });
  expect(writeDeviceEntry(99, entry)).toBe(text);
});

test.each([
  ['[0,11,"empire",12]', {}],
  ['[0,11,"empire",12,"first"]', { cohort: "first" }],
  ['[0,11,"empire",12,0,"council"]', { voted: "council" }],
  ['[0,11,"empire",12,0,0,{"siege":5}]', { firsts: { siege: 5 } }],
])("a member's entry is read back from %s", (text, more) => {
  const entry = readMemberEntry(text);
  expect(entry).toEqual({ through: 11, faction: "empire", sinceMs: 12, ...more });
  expect(writeMemberEntry(entry)).toBe(text);
});
