/**
 * A tick of kind `status`: it says at once that the realm's status changed. It decides the commands before its marker and nothing
 * else. Accepted events wait for the next tick of another kind, and with them the commands that settle what they count for;
 * nothing decays, starts or ends, no streak and no cooldown moves. So changing the status to and fro gains nobody anything.
 */
import type { PublicState, WorldState } from "../shared/contracts/world.ts";
import { entries } from "../shared/exact/by-id.ts";
import { dueFromMs } from "../shared/world/due.ts";
import { decideCommands } from "./commands/commands.ts";
import { effectiveStatus, pendingManualTicks } from "./duties/pending.ts";
import { gatherActions } from "./notices/action-rosters.ts";
import { noticesOf } from "./notices/notices.ts";
import { NO_ROSTERS } from "./notices/roster.ts";
import { clearedRosters, withoutCorrected } from "./notices/rosters.ts";
import { postponed } from "./steps/elapsed.ts";
import { type Folding, waitsWithEvents } from "./steps/fold.ts";
import { type Influenced, withInfluence } from "./steps/influence.ts";
import { placeOf, statusChange, underRules } from "./steps/open-tick.ts";
import type { Marker, Told } from "./tick-result.ts";

export function statusTick(last: WorldState, folding: Folding, marker: Marker): Told {
  if (marker.tick !== last.public.tick + 1)
    throw new Error(`the marker of tick ${marker.tick} follows the state of tick ${last.public.tick}`);
  const ruled = underRules(postponed(last), folding);
  const status = effectiveStatus(last, folding);
  const { due_from: _before, ...held } = ruled.state.public;
  const begun: WorldState = {
    public: { ...held, status, ...placeOf(last, marker), ...dueFrom(last.public, status) },
    private: { ...ruled.state.private, manual_ticks: pendingManualTicks(last, folding) },
  };
  const commands = folding.commands.filter((command) => !waitsWithEvents(command));
  const decided = decideCommands(begun, commands);
  const happenings = [...ruled.happenings, ...statusChange(last, status), ...decided.happenings];

  // Who hears of a result: those on the rosters of actions, which alone can end here.
  const { rosters: known = NO_ROSTERS, told, notices_hash: _hash, ...rest } = decided.state.private;
  const actions = gatherActions(known.actions, commands, happenings);
  const rosters = { ...withoutCorrected(known, happenings), actions };
  const influenced = nothing(begun.public);
  const noticed = noticesOf({ last, before: begun, influenced, happenings, rosters, again: () => [] });
  const { notices_hash } = noticed.private;
  return {
    begun,
    influenced,
    happenings,
    notices: noticed.notices,
    settled: decided.settled,
    state: {
      public: { ...decided.state.public, factions: sharedAnew(begun, decided.state) },
      private: {
        ...rest,
        ...clearedRosters(rosters, [], decided.state.public.actions),
        ...(told === undefined ? {} : { told }),
        ...(notices_hash === undefined ? {} : { notices_hash }),
      },
    },
  };
}

/** Where a command set an influence, shares follow from it; without one no share moves, and no trend. */
function sharedAnew(before: WorldState, { public: world, private: { ruleset } }: WorldState) {
  const moved = entries(world.factions).some(
    ([id, { influence }]) => influence !== before.public.factions[id]!.influence,
  );
  if (!moved) return world.factions;
  return withInfluence(
    world.factions,
    new Map(entries(world.factions).map(([id, { influence }]) => [id, influence])),
    ruleset,
  );
}

const nothing = ({ factions }: PublicState): Influenced => ({
  factions,
  record: {},
  pushes: new Map(),
  claims: new Map(),
  crowd: new Map(),
  campaigns: new Map(),
});

/** A pause is no lateness: the next tick's length counts from the marker that ended it. Another change of status moves nothing. */
function dueFrom(before: PublicState, status: PublicState["status"]): Pick<PublicState, "due_from"> {
  if (before.status === "maintenance" || status === "maintenance") return {};
  return { due_from: new Date(dueFromMs(before)).toISOString() };
}
