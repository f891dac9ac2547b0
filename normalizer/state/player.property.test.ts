import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { playerCodec } from "./entry-codecs.ts";
import { hit } from "./heat.ts";
import { PlayerState } from "./player.ts";

const LEAK_MS = 1_000;
const deeds = fc.array(
  fc.record({ mark: fc.integer({ min: -40, max: 40 }), waitMs: fc.nat({ max: 3 * LEAK_MS }) }),
  { maxLength: 120 },
);

test("of more than 32 signatures the one that cools first goes, ties by mark, and the order is that of arrival", () => {
  fc.assert(
    fc.property(deeds, (made) => {
      const player = new PlayerState();
      let pairs: [mark: number, untilMs: number][] = [];
      let atMs = 1.7e12;
      for (const { mark, waitMs } of made) {
        atMs += waitMs;
        player.warmSignature(mark, atMs, LEAK_MS);
        const known = pairs.find(([other]) => other === mark);
        if (known !== undefined) known[1] = hit(known[1], atMs, LEAK_MS);
        else pairs.push([mark, atMs + LEAK_MS]);
        if (pairs.length <= 32) continue;
        const coolest = [...pairs].sort((a, b) => a[1] - b[1] || a[0] - b[0])[0]!;
        pairs = pairs.filter((pair) => pair !== coolest);
      }
      expect(player.lists().signatures).toEqual(pairs.flat());
      for (const [mark, untilMs] of pairs) expect(player.signatureUntil(mark)).toBe(untilMs);
    }),
    { numRuns: runs(200) },
  );
});

test("a player's lists grow and shrink beside each other and stay apart, also as text and back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat({ max: 1_000 })), { maxLength: 300 }), (made) => {
      const player = new PlayerState();
      let seen: number[] = [];
      for (const [what, n] of made) {
        if (what === 0) player.warmFingerprint(n, 1.7e12 + n, LEAK_MS);
        else if (what === 1) player.warmSignature(n, 1.7e12 + n, LEAK_MS);
        else if (what === 2 || seen.length === 0) {
          player.see(n, 0 - n, n + 0.5);
          seen.push(n);
        } else {
          const gone = n % seen.length;
          player.forget(gone);
          seen = seen.slice(gone);
        }
        player.acted(n % 3, n);
        player.count(20_000 + (n >> 6), n % 5, n);
      }
      const lists = player.lists();
      expect(lists.seen).toEqual({
        events: seen,
        contents: seen.map((n) => 0 - n),
        atSeconds: seen.map((n) => n + 0.5),
      });
      expect(lists.times).toEqual(made.slice(-9).map(([, n]) => n));
      const read = playerCodec.read(playerCodec.write(player));
      expect(read.lists()).toEqual(JSON.parse(JSON.stringify(lists)));
      expect(seen.length === 0 ? -1 : read.seenPlace(seen.at(-1)!)).toBe(seen.length - 1);
    }),
    { numRuns: runs(200) },
  );
});
