import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { RejectReason } from "../../shared/contracts/decision.ts";
import { eventMark, marksOf } from "../factors/marks.ts";
import { type PlayerState, SEEN_MAX, SEEN_MS } from "../state.ts";

const remembered = (atSeconds: number, atMs: number): boolean => atSeconds * 1_000 > atMs - SEEN_MS;

/** A key counts once, whatever JetStream's window. A memory that is full of keys that still matter takes no more. */
export function replayReason(
  player: PlayerState | undefined,
  candidate: ValidCandidate,
  atMs: number,
): RejectReason | undefined {
  if (player === undefined) return undefined;
  const { events, contents, atSeconds } = player.seen;
  // From the newest back: a key that came again after it was forgotten stands there twice.
  const event = eventMark(candidate.event_id);
  let place = events.length - 1;
  while (place !== -1 && events[place] !== event) place--;
  if (place !== -1 && remembered(atSeconds[place]!, atMs))
    return contents[place] === marksOf(candidate).content ? "duplicate" : "key_conflict";
  if (events.length < SEEN_MAX) return undefined;
  return remembered(atSeconds[0]!, atMs) ? "velocity_user" : undefined;
}
