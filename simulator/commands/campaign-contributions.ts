/**
 * What a tick brought its campaigns. The normalizer marks a user's first points under each of its own openings of an id, and
 * within a tick one may end there and another begin: a first counts when it stands, in the log, under the opening that is of the
 * campaign that runs. Else who was first under two would count twice.
 */

import type { WorldState } from "../../shared/contracts/world.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import { isSteward } from "../duties/steward-command.ts";
import type { Folding, Gathered, WorldCommand } from "../steps/fold.ts";
import { admittedOf, type Brought, runningOf } from "./campaigns.ts";

/** By campaign that runs; in all, and by user. */
export type CampaignContributions = ReadonlyMap<string, Brought & { users: ReadonlyMap<string, Brought> }>;

/**
 * `last`: as the tick before left it. `begun`: after this tick's commands, which are those of `folding`. `stood`: the campaigns
 * that ran before these.
 */
export function campaignContributions(
  folding: Folding,
  last: WorldState,
  begun: WorldState,
  stood: ById<unknown>,
): CampaignContributions {
  const commands = [...folding.commands].sort((a, b) => a.source_seq - b.source_seq);
  const brought = new Map<string, Brought & { users: Map<string, Brought> }>();
  for (const [id, { opened_tick }] of entries(runningOf(begun.private))) {
    const gathered = gatheredOf(folding, id, begun.public.campaigns[id]!.faction);
    if (gathered.length === 0) continue;
    const admitted = find(admittedOf(last.private), id);
    const span =
      find(stood, id) === undefined ? newSpanOf(id, commands) : spanOf(id, admitted, opened_tick, commands);
    brought.set(id, summed(gathered, span));
  }
  return brought;
}

/** Places in the log, both included; none where `from` is absent. */
type Span = { from?: number; to: number };

/**
 * Of a campaign that a game master opened in this tick: from there on, until it is closed. Where a late word of the steward's
 * closes it, it is opened again, and who was first is so again then. A season begins without any.
 */
function newSpanOf(id: string, commands: readonly WorldCommand[]): Span {
  const none: Span = { to: Number.MAX_SAFE_INTEGER };
  const seasonal = commands.slice(commands.findLastIndex(({ kind }) => kind === "season.open") + 1);
  const opening = seasonal.findIndex(
    (each) => each.kind === "campaign.open" && each.payload.id === id && !isSteward(each),
  );
  if (opening === -1) return none;
  const closing = seasonal
    .slice(opening)
    .find(({ kind, payload }) => kind === "campaign.close" && payload.id === id);
  if (closing !== undefined && isSteward(closing)) return none;
  return { from: seasonal[opening]!.source_seq, to: closing?.source_seq ?? none.to };
}

/**
 * Where the campaign that was opened in `opened`, and ran before the commands, is the one that candidates may name. `admitted`: the tick that read the opening
 * under which this one began, if any: an older one is of an earlier campaign, and without one nobody was marked.
 */
function spanOf(
  id: string,
  admitted: number | undefined,
  opened: number,
  commands: readonly WorldCommand[],
): Span {
  const all: Span = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const none: Span = { to: all.to };
  let span = (admitted ?? opened) >= opened ? all : none;
  let isOpen = admitted !== undefined;
  for (const { kind, payload, source_seq } of commands) {
    if (kind === "season.open") {
      span = none;
      isOpen = false;
    } else if (kind === "campaign.open" && payload.id === id) {
      if (span.from === undefined) span = { from: source_seq, to: all.to };
      isOpen = true;
    } else if (kind === "campaign.close" && payload.id === id && isOpen) {
      span = { ...span, to: Math.min(span.to, source_seq) };
      isOpen = false;
    }
  }
  return span;
}

/** What users brought: of one faction where the campaign has a side; who changed theirs within the tick may stand twice. */
const gatheredOf = (
  { campaigns }: Folding,
  id: string,
  side: string | undefined,
): [user: string, Gathered][] =>
  [...(campaigns.get(id) ?? [])].flatMap(([faction, users]) =>
    side === undefined || side === faction ? [...users] : [],
  );

function summed(
  gathered: readonly [user: string, Gathered][],
  { from = Number.POSITIVE_INFINITY, to }: Span,
): Brought & { users: Map<string, Brought> } {
  const sum = { points: 0, firsts: 0, users: new Map<string, Brought>() };
  for (const [user, { points, firsts }] of gathered) {
    const counted = firsts.filter((seq) => from <= seq && seq <= to).length;
    const own = sum.users.get(user) ?? { points: 0, firsts: 0 };
    sum.users.set(user, { points: own.points + points, firsts: own.firsts + counted });
    sum.points += points;
    sum.firsts += counted;
  }
  return sum;
}
