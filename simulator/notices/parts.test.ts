import { expect, test } from "vitest";
import { MAX_NOTICES_BYTES, type Notice, NoticesPart } from "../../shared/contracts/notice.ts";
import { MAX_PARTS, noticeParts } from "./parts.ts";

const notices = (count: number): Notice[] =>
  Array.from({ length: count }, (_, i) => ({
    user: `user-${String(i).padStart(6, "0")}`,
    items: [
      {
        kind: "flip",
        id: "t7.flip.gate",
        role: "major",
        share_bp: 1_000,
        territory: "gate",
        to: "empire",
      },
    ],
  }));

test("a tick without notices has no part", () => {
  expect(noticeParts("amoi-1", 7, [])).toEqual([]);
});

test("parts count up, hold every user once in order, and stay within 256 KiB", () => {
  const all = notices(12_000);
  const texts = noticeParts("amoi-1", 7, all);
  const parts = texts.map((text) => NoticesPart.parse(JSON.parse(text)));
  expect(texts.length).toBeGreaterThan(5);
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_NOTICES_BYTES);
  expect(parts.map(({ part, parts: of }) => [part, of])).toEqual(texts.map((_, i) => [i + 1, texts.length]));
  expect(parts.flatMap((part) => part.notices)).toEqual(all);
});

test("more than a batch could take are cut, so that a tick can always be committed", () => {
  expect(noticeParts("amoi-1", 7, notices(90_000)).length).toBe(MAX_PARTS);
});
