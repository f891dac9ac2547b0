import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { RejectReason } from "../../shared/contracts/decision.ts";
import { contentMark } from "../factors/content-hash.ts";
import { type PlayerState, SEEN_MAX, SEEN_MS, type Seen } from "../state.ts";

const remembered = (seen: Seen, atMs: number): boolean => seen.atSeconds * 1_000 > atMs - SEEN_MS;

/** A key counts once, whatever JetStream's window. A memory that is full of keys that still matter takes no more. */
export function replayReason(
  player: PlayerState | undefined,
  candidate: ValidCandidate,
  atMs: number,
): RejectReason | undefined {
  if (player === undefined) return undefined;
  const seen = player.seen.get(candidate.event_id);
  if (seen !== undefined && remembered(seen, atMs))
    return seen.hash === contentMark(candidate) ? "duplicate" : "key_conflict";
  if (player.seen.size < SEEN_MAX) return undefined;
  return remembered(player.seen.values().next().value!, atMs) ? "velocity_user" : undefined;
}
