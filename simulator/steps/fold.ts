/**
 * What comes between two tick markers, gathered. Gathering decides nothing: gains, burst caps and limits per user need
 * the state and the whole tick, so every accepted event keeps a line here until its marker. The hot path of the stage.
 */
import {
  type DecidedCommand,
  type RealmStatus,
  type SettlingEvents,
  settlesEvents,
  type WorldCommandKind,
} from "../../shared/contracts/command.ts";
import type { Accepted } from "../../shared/contracts/decision.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";

/** Events in columns: about 100 bytes each, where the decision itself takes 2 KB. `users` are numbers of the faction's. */
export type Column = { events: string[]; points: number[]; users: number[] };

/** Accepted events of one faction, by what they move besides its influence. */
export type FactionColumns = {
  /** Each user's number, in order of their first event: a name is held once, sums per user are arrays. */
  users: Map<string, number>;
  influence: Column;
  territories: Map<string, Column>;
  relics: Map<string, Column>;
};

/** Mutable; the order in which things are folded never shows in a tick. */
export type Folding = {
  factions: Map<string, FactionColumns>;
  ruleset?: { version: number; ruleset: Ruleset };
  status?: { source_seq: number; status: RealmStatus };
  manualTicks: { source_seq: number; key: string }[];
  /** By campaign that events named, faction and user. */
  campaigns: Map<string, Map<string, Map<string, Gathered>>>;
  /** What the world itself decides at the tick, in no order. */
  commands: WorldCommand[];
};

/** Milli-points of a user's events, and the places in the log of those that were a first. */
export type Gathered = { points: number; firsts: number[] };

/** A command that the simulator decides: see `commands.ts`. */
export type WorldCommand = Extract<DecidedCommand, { kind: WorldCommandKind }>;

/**
 * Commands that settle what events count for, and so wait with them where a tick counts none: a campaign has the points of
 * everything before its end.
 */
export const waitsWithEvents = (
  command: DecidedCommand,
): command is Extract<WorldCommand, { kind: SettlingEvents }> => settlesEvents(command.kind);

/** Folds a command again that was read before a tick of kind `status`: what that tick took from it, such as a status, is taken. */
export function foldWaiting(folding: Folding, command: DecidedCommand): void {
  if (command.status !== "refused" && waitsWithEvents(command)) folding.commands.push(command);
}

/** What a tick of kind `status` leaves for the next one of another kind. */
export const waiting = ({ factions, campaigns, commands }: Folding): Folding => ({
  ...openFolding(),
  factions,
  campaigns,
  commands: commands.filter(waitsWithEvents),
});

export const openFolding = (): Folding => ({
  factions: new Map(),
  campaigns: new Map(),
  manualTicks: [],
  commands: [],
});

/** What of a decision moves the world. */
export type Moving = Pick<
  Accepted,
  | "event_id"
  | "user_id"
  | "faction_id"
  | "normalized_points"
  | "event_type"
  | "territory_id"
  | "relic_id"
  | "campaign_id"
  | "campaign_first"
  | "source_seq"
>;

/** Milli-points are taken after factors and caps. An event of no points moves nothing. */
export function foldAccepted(folding: Folding, decision: Moving): void {
  const points = decision.normalized_points;
  if (points === 0) return;
  let faction = folding.factions.get(decision.faction_id);
  if (faction === undefined) {
    faction = { users: new Map(), influence: newColumn(), territories: new Map(), relics: new Map() };
    folding.factions.set(decision.faction_id, faction);
  }
  const column = columnOf(faction, decision);
  column.events.push(decision.event_id);
  column.points.push(points);
  column.users.push(numberOf(faction.users, decision.user_id));
  if (decision.campaign_id !== undefined) foldCampaign(folding, decision.campaign_id, decision);
}

function foldCampaign({ campaigns }: Folding, id: string, decision: Moving): void {
  let factions = campaigns.get(id);
  if (factions === undefined) {
    factions = new Map();
    campaigns.set(id, factions);
  }
  let users = factions.get(decision.faction_id);
  if (users === undefined) {
    users = new Map();
    factions.set(decision.faction_id, users);
  }
  let own = users.get(decision.user_id);
  if (own === undefined) {
    own = { points: 0, firsts: [] };
    users.set(decision.user_id, own);
  }
  own.points += decision.normalized_points;
  if (decision.campaign_first === 1) own.firsts.push(decision.source_seq);
}

/** A refused command changes nothing. Of several rulesets or statuses in one tick the last in the log holds. */
export function foldCommand(folding: Folding, command: DecidedCommand): void {
  if (command.status === "refused") return;
  const { source_seq } = command;
  switch (command.kind) {
    case "tick.run":
      folding.manualTicks.push({ source_seq, key: command.idempotency_key });
      return;
    case "realm.status":
      foldStatus(folding, source_seq, command.payload.status);
      return;
    case "season.close":
    case "season.open":
      foldStatus(folding, source_seq, command.kind === "season.close" ? "season_end" : "active");
      folding.commands.push(command);
      return;
    case "ruleset.set": {
      const version = command.ruleset_version;
      if (version === undefined) throw new Error(`ruleset command ${command.command_id} has no version`);
      if (folding.ruleset === undefined || folding.ruleset.version < version)
        folding.ruleset = { version, ruleset: command.payload.ruleset };
      return;
    }
    case "member.join":
    case "member.switch":
    case "member.leave":
    case "review.release":
    case "review.reject":
    case "shadow.set":
    case "shadow.clear":
    case "chapter.receipt":
    case "activity.daily":
      return; // The normalizer's alone.
    default:
      folding.commands.push(command);
  }
}

function numberOf(users: Map<string, number>, user: string): number {
  const known = users.get(user);
  if (known !== undefined) return known;
  users.set(user, users.size);
  return users.size - 1;
}

function foldStatus(folding: Folding, source_seq: number, status: RealmStatus): void {
  if (folding.status === undefined || folding.status.source_seq < source_seq)
    folding.status = { source_seq, status };
}

const newColumn = (): Column => ({ events: [], points: [], users: [] });

function columnOf(faction: FactionColumns, { event_type, territory_id, relic_id }: Moving): Column {
  if (event_type === "territory_push") return columnAt(faction.territories, territory_id!);
  if (event_type === "relic_claim") return columnAt(faction.relics, relic_id!);
  return faction.influence;
}

function columnAt(columns: Map<string, Column>, id: string): Column {
  let column = columns.get(id);
  if (column === undefined) {
    column = newColumn();
    columns.set(id, column);
  }
  return column;
}
