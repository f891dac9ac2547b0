import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  assertKnownVersion,
  CAPS_ENTRY_VERSION,
  coldAtOf,
  daysOfUserEntry,
  readDeviceEntry,
  readMemberEntry,
  readQuarantinedEntry,
  readSessionEntry,
  readUserEntry,
  UnknownEntryVersion,
  writeDeviceEntry,
  writeMemberEntry,
  writeQuarantinedEntry,
  writeSessionEntry,
  writeUserEntry,
} from "./caps-entry.ts";

const HASH = "87b1023e6bba3bfdd39cdfc7d913aab47f788a9a25d4eac50017d9d9fe5c070c";
const COLD_MS = 1_796_768_795_415;
const quarantined = { through: 21, user: "hasty", atMs: 1_796_077_595_575, hash: HASH, closed: 0 as const };
const member = { through: 106, faction: "empire", sinceMs: 1_796_077_596_103, chosen: 106, left: 0 as const };
const user = {
  through: 5,
  lastMs: 1_796_077_595_415,
  burst: 1_796_077_715_294,
  drip: 1_796_079_035_294,
  days: [20_787, 1_000, 20_788, 203_337],
  today: { day: 20_788, sources: [0, 203_337, 0, 0, 0] },
  signatures: [-1_235_325_877, 1_796_091_995_294, 2_044_587_244, 1_796_081_195_294],
  fingerprints: [-1_339_665_835, 1_796_120_795_294],
  times: [1_796_077_595_294, 1_796_077_595_415],
  categories: [1_796_077_595_415, 0, 0],
  seen: {
    events: [961_262_307_613_944, 889_885_536_734_114],
    contents: [1_204_508_296, 777_906_048],
    atSeconds: [1_796_077_596, 1_796_077_596],
  },
};
const device = {
  through: 5,
  lastMs: 1_796_077_595_415,
  burst: 1_796_077_655_294,
  drip: 1_796_078_315_294,
  turns: 0,
  today: { day: 20_788, points: 203_337 },
  users: { ids: ["still-b", "still-c"], lastMs: [1_796_077_595_415, 1_796_077_595_416] },
};

/** A kind of entry: as a store of the release before versions holds it, what it says, and its codec. */
const kind = <Entry>(
  name: string,
  recorded: string,
  entry: Entry,
  coldAtMs: number,
  write: (coldAtMs: number, entry: Entry) => string,
  read: (text: string) => Entry,
) => ({
  name,
  recorded,
  coldAtMs,
  entry,
  again: () => write(coldAtMs || Number.POSITIVE_INFINITY, entry),
  read,
});

const memberKind = (rest: string, more: object) =>
  kind(
    `member [${rest}]`,
    `[0,106,"empire",1796077596103${rest}]`,
    { ...member, ...more },
    0,
    (_cold, entry) => writeMemberEntry(entry),
    readMemberEntry,
  );

const USER = kind(
  "user",
  "[1796768795415,5,1796077595415,1796077715294,1796079035294,[20787,1000,20788,203337],[20788,0,203337,0,0,0]," +
    "[-1235325877,1796091995294,2044587244,1796081195294],[-1339665835,1796120795294],[1796077595294,1796077595415]," +
    "[1796077595415,0,0],[961262307613944,889885536734114],[1204508296,777906048],[1796077596,1796077596]]",
  user,
  COLD_MS,
  writeUserEntry,
  readUserEntry,
);
const DEVICE = kind(
  "device",
  '[1796768795415,5,1796077595415,1796077655294,1796078315294,20788,203337,["still-b","still-c"],[1796077595415,1796077595416],0]',
  device,
  COLD_MS,
  writeDeviceEntry,
  readDeviceEntry,
);
const KINDS = [
  USER,
  DEVICE,
  kind(
    "session",
    "[1796078675575,21]",
    { through: 21, burst: 1_796_078_675_575 },
    1_796_078_675_575,
    (_cold, entry) => writeSessionEntry(entry),
    readSessionEntry,
  ),
  kind(
    "quarantined event, open",
    `[0,21,"hasty",1796077595575,"${HASH}",0]`,
    quarantined,
    0,
    writeQuarantinedEntry,
    readQuarantinedEntry,
  ),
  kind(
    "quarantined event, closed",
    `[1797373595575,192,"hasty",1796077595575,"${HASH}",1]`,
    { ...quarantined, through: 192, closed: 1 as const },
    1_797_373_595_575,
    writeQuarantinedEntry,
    readQuarantinedEntry,
  ),
  memberKind("", {}),
  memberKind(',"first"', { cohort: "first" }),
  memberKind(',0,"council"', { voted: "council" }),
  memberKind(',0,0,{"long_road":106}', { firsts: { long_road: 106 } }),
  memberKind(",0,0,0,99", { chosen: 99 }),
  memberKind(",0,0,0,0,1", { left: 1 }),
  memberKind(",0,0,0,0,0,[961262307613944]", { asked: [961_262_307_613_944] }),
];

describe.each(KINDS)("$name", ({ recorded, entry, coldAtMs, again, read }) => {
  test("is read from the text that stores of the release before hold, which has no version", () => {
    expect(read(recorded)).toEqual(entry);
    expect(coldAtOf(recorded)).toBe(coldAtMs);
  });

  // The text stands here as running stores hold it: another layout must still read it, or have another version.
  test("is written as the version and then what the release before wrote, and read back", () => {
    const text = again();
    expect(text).toBe(`[1,${recorded.slice(1)}`);
    expect(read(text)).toEqual(entry);
    expect(coldAtOf(text)).toBe(coldAtMs);
  });

  test("is refused with a sentence where a later release wrote it, whatever its elements are", () => {
    const later = `[${CAPS_ENTRY_VERSION + 1},${recorded.slice(1)}`;
    for (const refused of [read, coldAtOf, assertKnownVersion, daysOfUserEntry])
      expect(() => refused(later)).toThrow(
        new UnknownEntryVersion(
          "the entry has version 2, and this release reads versions up to 1: run the release that wrote it",
        ),
      );
  });
});

test("a user's days are read without the rest, with a version and without", () => {
  for (const text of [USER.recorded, USER.again()]) expect(daysOfUserEntry(text)).toEqual(user.days);
});

test("a device of before turns were counted has none", () => {
  const { turns: _, ...rest } = device;
  for (const text of [DEVICE.recorded, DEVICE.again()])
    expect(readDeviceEntry(`${text.slice(0, -3)}]`)).toEqual({ ...rest, turns: 0 });
});

test("each first element is a version, a time or refused: 1 to 999 is a version, 0 and the rest are times", () => {
  const heads = fc.oneof(fc.integer({ min: -10, max: 2_000 }), fc.maxSafeNat());
  fc.assert(
    fc.property(heads, fc.maxSafeNat(), (head, next) => {
      const text = `[${head},${next},7]`;
      if (head === CAPS_ENTRY_VERSION) expect(coldAtOf(text)).toBe(next);
      else if (head === 0 || head > 999) expect(coldAtOf(text)).toBe(head);
      else expect(() => coldAtOf(text)).toThrow(UnknownEntryVersion);
    }),
  );
});

test.each(["", "[]", "[1]", "[null,7]", '["1",7]', "{}", '{"through":7,"day":1}'])(
  "%j begins with neither a version nor a time, and is refused",
  (text) => {
    expect(() => assertKnownVersion(text)).toThrow(UnknownEntryVersion);
  },
);
