import type {
  DerivedEvent,
  Happening,
  PrivateState,
  WorldDelta,
  WorldState,
} from "../shared/contracts/world.ts";
import { mapById } from "../shared/exact/by-id.ts";
import { canonicalHash } from "../shared/exact/canonical.ts";
import { seal } from "../shared/world/chain.ts";
import { nextTickMs, sincePreviousMs } from "../shared/world/due.ts";
import { lateness } from "../shared/world/influence-decay.ts";
import { diff } from "../shared/world/merge-patch.ts";
import { factionModifiers } from "../shared/world/modifiers.ts";
import { campaignContributions } from "./commands/campaign-contributions.ts";
import { countCampaigns, runningOf, withCampaigns } from "./commands/campaigns.ts";
import { runCommands, type Settled } from "./commands/commands.ts";
import { stillRestorable } from "./commands/effect-repairs.ts";
import { closingEvents } from "./commands/seasons.ts";
import { effectiveStatus, pendingManualTicks } from "./duties/pending.ts";
import { noticesOf } from "./notices/notices.ts";
import { clearedRosters, gatherRosters } from "./notices/rosters.ts";
import { statusTick } from "./status-tick.ts";
import { converted } from "./steps/convert-engine.ts";
import { endEffects, startEffects } from "./steps/effects.ts";
import { clockworkOf } from "./steps/elapsed.ts";
import type { Folding } from "./steps/fold.ts";
import { applyInfluence, type Influenced } from "./steps/influence.ts";
import { moveMeters, tensionTarget } from "./steps/meters.ts";
import { placeOf, statusChange, underRules } from "./steps/open-tick.ts";
import { resolveRelics } from "./steps/relics.ts";
import { gatherResources } from "./steps/resources.ts";
import { statisticsOf } from "./steps/statistics.ts";
import { resolveTerritories } from "./steps/territories.ts";
import { evaluateTriggers } from "./steps/triggers.ts";
import type { Marker, TickResult, Told, Turn } from "./tick-result.ts";

/**
 * `prev`: the hashes of the tick before. One of kind `status` reads the commands of `folding` and nothing else of it. Changes none of
 * its arguments. Throws where the marker isn't the next one.
 */
export function tick(
  recorded: WorldState,
  folding: Folding,
  marker: Marker,
  prev: { record_hash: string; public_hash: string },
): TickResult {
  const state = converted(recorded);
  if (marker.kind === "status") return sealed(recorded, statusTick(state, folding, marker), marker, prev);
  const { begun, influenced, state: turned, happenings, settled } = turn(state, folding, marker);

  // 7. What happened, numbered, and who is told that it was their doing.
  const again = (other: Influenced) => resolve(begun, other);
  const moved = { last: state, before: begun, influenced };
  const rosters = gatherRosters({ ...moved, after: turned.public, again }, folding.commands, happenings);
  const noticed = noticesOf({
    ...moved,
    happenings,
    rosters,
    again: (other) => again(other).happenings,
  });

  const told: Told = {
    begun,
    influenced,
    happenings,
    notices: noticed.notices,
    settled,
    state: {
      public: turned.public,
      private: {
        ...withoutNotices(turned.private),
        ...clearedRosters(rosters, happenings, turned.public.actions),
        ...noticed.private,
      },
    },
  };
  return sealed(recorded, told, marker, prev);
}

/** Step 8: the new snapshot, sealed into the chain. `last`: as the tick before recorded it. */
function sealed(
  last: WorldState,
  { begun, influenced, happenings, notices, settled, state }: Told,
  marker: Marker,
  prev: { record_hash: string; public_hash: string },
): TickResult {
  const next = { public: state.public, private: withSettled(state.private, settled) };
  const events = numbered(marker.tick, happenings);
  const { from_seq, through_seq, kind } = marker;
  const { record, snapshot } = seal(next, {
    kind,
    from_seq,
    through_seq,
    factions: influenced.record,
    ...(settled.told.length === 0 ? {} : { commands: settled.told }),
    events,
    prev_hash: prev.record_hash,
  });
  const delta: WorldDelta = {
    realm: next.public.realm,
    tick: marker.tick,
    prev: prev.public_hash,
    hash: record.public_hash,
    patch: diff(last.public, next.public),
    events,
  };
  const statistics = statisticsOf(influenced, happenings, {
    kind,
    atMs: Date.parse(marker.at),
    dueMs:
      last.public.status === "maintenance"
        ? Date.parse(marker.at)
        : nextTickMs(last.public, begun.private.ruleset.tick_seconds),
  });
  return { state: next, record, delta, snapshot, notices, settled: settled.all, statistics };
}

/** Steps 1 to 6: the world after a tick, but for what is only kept to tell players of it. Changes none of its arguments. */
export function turn(state: WorldState, folding: Folding, marker: Marker): Turn {
  if (marker.tick !== state.public.tick + 1)
    throw new Error(`the marker of tick ${marker.tick} follows the state of tick ${state.public.tick}`);

  // 1. The last snapshot, under the rules, status and effects that hold from this marker.
  const opened = open(state, folding, marker);
  const { public: world, private: privateState } = opened.state;
  const rules = privateState.ruleset;
  const sinceMs = sincePreviousMs(state.public, { at: world.at, engine: rules.engine });
  const k = lateness(marker.tick, sinceMs, rules.tick_seconds * 1_000);

  // 2 and 3. What was accepted since the last tick becomes influence; conditions and weights read the new shares.
  const brought = campaignContributions(folding, state, opened.state, opened.campaigns);
  const influenced = applyInfluence(world.factions, folding.factions, brought, rules, k);

  // 4 to 6. Contests, yields, meters, campaigns and triggers.
  const resolved = resolve(opened.state, influenced);
  return {
    begun: opened.state,
    influenced,
    state: resolved.state,
    happenings: [...opened.happenings, ...resolved.happenings],
    settled: opened.settled,
  };
}

/** Steps 4 to 6. `state`: at the beginning of the tick. */
function resolve(state: WorldState, influenced: Influenced): { state: WorldState; happenings: Happening[] } {
  const counted = countCampaigns(state, influenced);
  const { public: world, private: privateState } = counted.state;
  const clockwork = clockworkOf(counted.state);
  const rules = privateState.ruleset;

  // 4. Contests over territories and relics, and what the land yields.
  const land = resolveTerritories(
    { territories: world.territories, fronts: privateState.fronts, effects: world.effects },
    influenced.factions,
    influenced.pushes,
    clockwork,
    rules,
  );
  const hoard = resolveRelics(
    { relics: world.relics, claims: privateState.claims },
    land.territories,
    influenced.factions,
    influenced.claims,
    clockwork,
    rules,
  );
  const factions = gatherResources(influenced.factions, land.territories, rules);

  // 5. The realm's meters.
  const target = tensionTarget(Object.values(land.territories), Object.values(factions), rules);
  const contestedRelics = Object.values(hoard.relics).filter(({ contested }) => contested === 1).length;
  const meters = moveMeters(world.meters, target, { flips: land.happenings.length, contestedRelics }, rules);

  // 6. Triggers, on the state as it is now; their effects hold from the next tick.
  const frozen = { ...world, factions, territories: land.territories, relics: hoard.relics, meters };
  const fired = evaluateTriggers(frozen, clockwork, rules);
  return {
    state: {
      public: { ...frozen, triggers: fired.triggers },
      private: {
        ...privateState,
        fronts: land.fronts,
        claims: hoard.claims,
        starting: [...privateState.starting, ...fired.starting],
      },
    },
    happenings: [
      ...counted.happenings,
      ...land.happenings,
      ...hoard.happenings,
      ...fired.happenings,
      ...closingEvents({ public: frozen }),
    ],
  };
}

/** `campaigns`: those that ran before this tick's commands. */
type Opened = {
  state: WorldState;
  happenings: Happening[];
  settled: Settled;
  campaigns: WorldState["public"]["campaigns"];
};

/** The state at the beginning of a tick: its place and time, what commands changed, which effects hold in it. */
function open(state: WorldState, folding: Folding, marker: Marker): Opened {
  const ruled = underRules(state, folding);
  const { ruleset } = ruled.state.private;
  const status = effectiveStatus(state, folding);
  const { effects, meters, campaigns } = ruled.state.public;
  const ended = endEffects(
    { effects, meters, campaigns, running: runningOf(ruled.state.private) },
    marker.tick,
  );
  const started = startEffects(ended.held, ruled.state.private.starting, marker.tick, ruleset);
  const { running, ...begun } = started.held;
  const { due_from: _over, ...held } = ruled.state.public;
  const world = { ...held, ...begun, status, ...placeOf(state, marker) };
  const privateState: PrivateState = {
    ...withCampaigns(stillRestorable(ruled.state.private, marker.tick), { campaigns: running }),
    manual_ticks: pendingManualTicks(state, folding).filter((key) => key !== marker.key),
    starting: [],
  };
  const commanded = runCommands({ public: world, private: privateState }, folding.commands);
  const modifiers = factionModifiers(commanded.state.public, ruleset);
  return {
    campaigns: world.campaigns,
    state: {
      public: {
        ...commanded.state.public,
        factions: mapById(commanded.state.public.factions, (faction, id) => ({
          ...faction,
          modifiers: modifiers.get(id)!,
        })),
      },
      private: commanded.state.private,
    },
    happenings: [
      ...ruled.happenings,
      ...statusChange(state, status),
      ...ended.happenings,
      ...started.happenings,
      ...commanded.happenings,
    ],
    settled: commanded.settled,
  };
}

/** Commits to what became of this tick's commands, in place of the last one's. */
function withSettled({ commands_hash: _last, ...rest }: PrivateState, { all }: Settled): PrivateState {
  return all.length === 0 ? rest : { ...rest, commands_hash: canonicalHash(all) };
}

/** What the tick before told, and whom it remembered: this one says it anew. */
function withoutNotices(privateState: PrivateState) {
  const { rosters: _rosters, told: _told, notices_hash: _hash, ...rest } = privateState;
  return rest;
}

const numbered = (tick: number, happenings: readonly Happening[]): DerivedEvent[] =>
  happenings.map((happening, i) => ({ tick, n: i + 1, ...happening }));
