/**
 * What the world itself calls for, told by its state alone: so nothing that was to be said is lost with the process that was to
 * say it. Keys derive from ticks of the state, so each is said once, whoever says it. Pure.
 */
import { entries, find } from "../shared/by-id.ts";
import type { Command } from "../shared/contracts/command.ts";
import type { WorldState } from "../shared/contracts/world.ts";

const STEWARD: Command["actor"] = { type: "system", id: "steward" };

export const isSteward = ({ actor }: Pick<Command, "actor">): boolean =>
  actor.type === STEWARD.type && actor.id === STEWARD.id;

/** A command of the steward's; RAW and the normalizer know its key if it was said before. */
export const said = <Kind extends Command["kind"]>(
  realm_id: string,
  kind: Kind,
  idempotency_key: string,
  payload: Extract<Command, { kind: Kind }>["payload"],
) => ({ v: 1, idempotency_key, realm_id, kind, actor: STEWARD, payload }) as Extract<Command, { kind: Kind }>;

/** In the order in which they are to be said: an id is closed before it is opened again. */
export const callsOf = (state: WorldState): Command[] => [
  ...seasonCalls(state),
  ...closedCampaigns(state),
  ...openedCampaigns(state),
];

/** A season that has lasted its length. Said anew in each tick: while the realm was in maintenance it would be refused. */
function seasonCalls({ public: world, private: { season, ruleset } }: WorldState): Command[] {
  const lasted = world.tick - season.started_tick;
  if (season.closed_tick !== undefined || lasted < ruleset.season_length_ticks) return [];
  return [said(world.realm, "season.close", `season.close.${world.season}.${world.tick}`, {})];
}

/** What candidates may still name although it is over, or was when its id was opened anew. */
const closedCampaigns = ({ public: world, private: { campaigns, admitted } }: WorldState): Command[] =>
  entries(admitted)
    .filter(([id, tick]) => tick < (find(campaigns, id)?.opened_tick ?? Number.POSITIVE_INFINITY))
    .map(([id, tick]) => said(world.realm, "campaign.close", `campaign.close.${id}.${tick}`, { id }));

/** What runs, opened by a chain, and candidates may not name yet. */
const openedCampaigns = ({ public: world, private: { campaigns, admitted } }: WorldState): Command[] =>
  entries(campaigns)
    .filter(([id]) => !Object.hasOwn(admitted, id))
    .map(([id, { opened_tick, min_contributors }]) => {
      const { goal, until_tick } = world.campaigns[id]!;
      return said(world.realm, "campaign.open", `campaign.open.${id}.${opened_tick}`, {
        id,
        goal: goal / 1_000,
        min_contributors,
        ticks: until_tick - opened_tick,
      });
    });
