/** Deeds: what players do in the narrative game, and the candidate that the story engine makes of each. Pure. */
import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Chance } from "./chance.ts";
import { DEEDS, type Deed, type DeedKind } from "./deed-kinds.ts";
import type { Front } from "./fronts.ts";
import type { Player } from "./players.ts";

export type Moment = {
  realm: string;
  player: Player;
  sessionId: string;
  idempotencyKey: string;
  /** When the player did it, ms since 1970. */
  occurredAtMs: number;
  front: Front;
  /** The campaign that it is for. */
  campaignId?: string | undefined;
};

/** A valid candidate. The order of its fields is fixed, so that a recorded story has the same bytes each time. */
export function candidateOf(kind: DeedKind, moment: Moment, chance: Chance): Candidate {
  const { player, front } = moment;
  const noRelics = front.relic === undefined;
  const deed: Deed = DEEDS[kind === "binding" && noRelics ? "discovery" : kind];
  const claimed = deed.event_type === "relic_claim" ? front.relic : undefined;
  const territory = deed.event_type === "territory_push" ? front.territory : claimed?.territory;
  return {
    v: 1,
    idempotency_key: moment.idempotencyKey,
    realm_id: moment.realm,
    faction_id: player.factionId,
    user_id: player.userId,
    ...(player.deviceId === undefined ? {} : { device_id: player.deviceId }),
    session_id: moment.sessionId,
    source: deed.source,
    event_type: deed.event_type,
    ...(territory === undefined ? {} : { territory_id: territory }),
    ...(claimed === undefined ? {} : { relic_id: claimed.id }),
    ...(moment.campaignId === undefined ? {} : { campaign_id: moment.campaignId }),
    action_key: chance.pick(deed.actions),
    category: deed.category,
    base_points: chance.within(deed.base),
    stakes: chance.within(deed.stakes),
    significance: chance.within(deed.significance),
    ...(player.spendTier === undefined ? {} : { spend_tier: player.spendTier }),
    occurred_at: new Date(moment.occurredAtMs).toISOString(),
  };
}
