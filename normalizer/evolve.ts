/**
 * The only way the normalizer's state changes: by a decision that is, or is about to be, in EVENTS. Folding it again onto an
 * entry that includes it changes nothing, which is what makes a cache of entries with different ages a fold.
 */
import type { DecidedCommand } from "../shared/contracts/command.ts";
import type { Decision } from "../shared/contracts/decision.ts";
import { timeMs } from "../shared/time.ts";
import { contentHash } from "./factors/fingerprint.ts";
import {
  COMMANDS_KEPT,
  DAYS_KEPT,
  type Membership,
  type NormalizerState,
  type PlayerState,
  SEEN_MAX,
  SEEN_MS,
} from "./state.ts";

export function evolve(state: NormalizerState, decision: Decision): void {
  if (decision.validity_status === "rejected") return;
  const { user_id, source_seq } = decision;
  const player: PlayerState = state.players.get(user_id) ?? { through: 0, days: new Map(), seen: new Map() };
  if (player.through < source_seq) {
    const atMs = timeMs(decision.received_at);
    const bucket = decision.daily_cap_bucket;
    player.through = source_seq;
    if (decision.validity_status === "accepted") {
      player.days.set(bucket, (player.days.get(bucket) ?? 0) + decision.normalized_points);
      while (player.days.size > DAYS_KEPT) player.days.delete(player.days.keys().next().value!);
    }
    player.seen.set(decision.event_id, { hash: contentHash(decision), atMs });
    for (const id of player.seen.keys()) {
      if (player.seen.get(id)!.atMs > atMs - SEEN_MS && player.seen.size <= SEEN_MAX) break;
      player.seen.delete(id);
    }
    state.players.set(user_id, player);
    state.changed.add(`u.${user_id}`);
  }
  if (decision.validity_status === "accepted" && !state.members.has(user_id)) {
    const member: Membership = { through: source_seq, faction: decision.faction_id };
    state.members.set(user_id, member);
    state.changed.add(`m.${user_id}`);
  }
}

export function evolveCommand(state: NormalizerState, command: DecidedCommand): void {
  const rules = state.rules;
  if (rules !== undefined && rules.through >= command.source_seq) return;
  if (command.kind === "ruleset.set" && command.status === "applied") {
    state.rules = {
      through: command.source_seq,
      status: rules?.status ?? "active",
      ruleset: command.payload.ruleset,
      version: command.ruleset_version!,
      commands: rules?.commands ?? new Set(),
    };
  } else if (rules === undefined) throw new Error("EVENTS must start with the realm's first ruleset");
  else if (command.kind === "realm.status" && command.status === "applied")
    rules.status = command.payload.status;
  const now = state.rules!;
  now.through = command.source_seq;
  now.commands.add(command.command_id);
  while (now.commands.size > COMMANDS_KEPT) now.commands.delete(now.commands.values().next().value!);
  state.changed.add("r.realm");
}
