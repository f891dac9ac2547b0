import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { RejectReason } from "../../shared/contracts/decision.ts";
import { eventMark, marksOf } from "../factors/marks.ts";
import { type PlayerState, SEEN_MAX, SEEN_MS } from "../player.ts";

const remembered = (atSeconds: number, atMs: number): boolean => atSeconds * 1_000 > atMs - SEEN_MS;

/** A key counts once, whatever JetStream's window. A memory that is full of keys that still matter takes no more. */
export function replayReason(
  player: PlayerState | undefined,
  candidate: ValidCandidate,
  atMs: number,
): RejectReason | undefined {
  if (player === undefined) return undefined;
  const place = player.seenPlace(eventMark(candidate.event_id));
  if (place !== -1 && remembered(player.seenSeconds(place), atMs))
    return player.seenContent(place) === marksOf(candidate).content ? "duplicate" : "key_conflict";
  if (player.seenCount < SEEN_MAX) return undefined;
  return remembered(player.seenSeconds(0), atMs) ? "velocity_user" : undefined;
}
