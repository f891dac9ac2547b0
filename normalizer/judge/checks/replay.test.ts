import { expect, test } from "vitest";
import { eventFingerprint, fingerprintsOf } from "../../state/fingerprints.ts";
import { PlayerState, SEEN_MAX, SEEN_MS } from "../../state/player.ts";
import { candidate, START_MS } from "../../testing/builders.ts";
import { replayReason } from "./replay.ts";

const CANDIDATE = candidate({ atMs: START_MS, seq: 1 });
const MARK = eventFingerprint(CANDIDATE.event_id);
const OTHER = candidate({ atMs: START_MS, seq: 2 }, { idempotency_key: "another-key" });
const { content } = fingerprintsOf(CANDIDATE);

test("a key is remembered for 25 hours, and not a moment longer", () => {
  const player = new PlayerState();
  player.see(MARK, content, START_MS / 1_000);
  expect(replayReason(player, CANDIDATE, START_MS + SEEN_MS - 1)).toBe("duplicate");
  expect(replayReason(player, CANDIDATE, START_MS + SEEN_MS)).toBeUndefined();
});

test("who has used 512 keys in that time may use no further one, until the first is forgotten", () => {
  const player = new PlayerState();
  for (let i = 1; i < SEEN_MAX; i++) player.see(i, content, START_MS / 1_000);
  expect(replayReason(player, OTHER, START_MS)).toBeUndefined();
  player.see(SEEN_MAX, content, START_MS / 1_000);
  expect(replayReason(player, OTHER, START_MS)).toBe("velocity_user");
  expect(replayReason(player, OTHER, START_MS + SEEN_MS)).toBeUndefined();
});
