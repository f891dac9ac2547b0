import type { ValidCandidate } from "../../../shared/contracts/candidate.ts";
import type { RejectReason } from "../../../shared/contracts/decision.ts";
import { openEventCodec } from "../../state/entry-codecs.ts";
import { eventFingerprint, fingerprintsOf } from "../../state/fingerprints.ts";
import { type PlayerState, SEEN_MAX, SEEN_MS } from "../../state/player.ts";
import type { NormalizerState } from "../../state/state.ts";

const remembered = (atSeconds: number, atMs: number): boolean => atSeconds * 1_000 > atMs - SEEN_MS;

/**
 * A key counts once, whatever JetStream's window. Where a player's memory is full of keys that could still come again, further
 * events are refused.
 */
export function replayReason(
  player: PlayerState | undefined,
  candidate: ValidCandidate,
  atMs: number,
): RejectReason | undefined {
  if (player === undefined) return undefined;
  const place = player.seenPlace(eventFingerprint(candidate.event_id));
  if (place !== -1 && remembered(player.seenSeconds(place), atMs))
    return player.seenContent(place) === fingerprintsOf(candidate).content ? "duplicate" : "key_conflict";
  if (player.seenCount < SEEN_MAX) return undefined;
  return remembered(player.seenSeconds(0), atMs) ? "velocity_user" : undefined;
}

/**
 * The quarantine remembers keys longer than a player does: an open event must not count beside its release, and a reviewed one has
 * counted or never will. After that a repeated key is another action, since the first one is stale.
 */
export function quarantineReason(
  { quarantine }: NormalizerState,
  candidate: ValidCandidate,
  atMs: number,
): RejectReason | undefined {
  const event = quarantine.get(candidate.event_id);
  return event !== undefined && openEventCodec.coldAtMs(event) >= atMs ? "key_conflict" : undefined;
}
