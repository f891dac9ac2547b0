import { expect, test } from "vitest";
import { UnknownEntryVersion } from "../../shared/judgement/caps-entry.ts";
import { DeviceState } from "./device.ts";
import { deviceCodec } from "./entry-codecs.ts";
import { EntryStore } from "./entry-store.ts";

const DAY_MS = 86_400_000;
const shelf = () => new EntryStore("d.", deviceCodec);

function device(through: number): DeviceState {
  const made = new DeviceState();
  made.through = through;
  return made;
}

/** What was looked at last is never swept, nor what is still to be written. */
function swept(entries: EntryStore<DeviceState>, atMs: number): void {
  entries.takeChanged();
  entries.get("another");
  for (let i = 0; i < 4; i++) entries.sweep(atMs);
}

test("an entry that is near is taken for the one with its id, and for no other", () => {
  const entries = shelf();
  const [a, b] = [device(1), device(2)];
  entries.put("a", a);
  entries.put("b", b);
  expect(entries.get("b", a)).toBe(b);
  expect(entries.get("a", a)).toBe(a);
});

test("an entry that was laid down as text, or is gone, is not taken for the one that stands there", () => {
  const entries = shelf();
  const near = device(1);
  entries.put("a", near);
  swept(entries, 2 * DAY_MS);
  const woken = entries.get("a", near)!;
  expect(woken).not.toBe(near);
  expect(woken.through).toBe(1);
  swept(entries, 9 * DAY_MS);
  expect(entries.get("a", woken)).toBeUndefined();
});

test("one that takes another's place is named once among what changed", () => {
  const entries = shelf();
  const [former, latter] = [device(1), device(2)];
  entries.put("a", former);
  entries.put("a", latter);
  expect(entries.takeChanged()).toEqual(["d.a"]);
  entries.get("another");
  expect(entries.get("a", former)).toBe(latter);
});

test("texts of this release and of the one before versions are dropped when they are cold, and kept before", () => {
  const entries = shelf();
  const coldAtMs = 100 * DAY_MS;
  entries.load("today's", `[1,${coldAtMs},7]`);
  entries.load("earlier", `[${coldAtMs},7]`);
  swept(entries, coldAtMs);
  expect([...entries.ids()]).toEqual(["today's", "earlier"]);
  swept(entries, coldAtMs + 1);
  expect([...entries.ids()]).toEqual([]);
});

test("a text of a later version is refused when it is loaded, before anything looks at it", () => {
  expect(() => shelf().load("a", `[2,${100 * DAY_MS},7]`)).toThrow(UnknownEntryVersion);
});
