/**
 * The only way the normalizer's state changes: by a decision that is, or is about to be, in EVENTS. Each entry changes by
 * the decision and the entry itself, never by another entry, and never twice by one decision. That makes a cache of entries with
 * different ages a fold.
 */

import { CATEGORIES, SOURCES } from "../../shared/contracts/candidate.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { Accepted, Decision, Quarantined } from "../../shared/contracts/decision.ts";
import type { JudgementRules } from "../../shared/contracts/ruleset.ts";
import { timeMs } from "../../shared/exact/time.ts";
import { type Admission, admissionAfter, OPEN } from "../../shared/judgement/admission.ts";
import { dayNamed } from "../../shared/judgement/day.ts";
import { countWeek } from "../../shared/judgement/fairness.ts";
import { boundTo } from "../../shared/judgement/membership.ts";
import { readRuleset } from "../../shared/past/upcast.ts";
import { CacheUnusable } from "../../shared/stage/cache-unusable.ts";
import { DeviceState } from "../state/device.ts";
import type { Entry, Membership, SessionState } from "../state/entry-types.ts";
import { eventFingerprint, fingerprintsOf, quarantineHash } from "../state/fingerprints.ts";
import { hit } from "../state/heat.ts";
import { isRemembered } from "../state/known-commands.ts";
import { PlayerState, SEEN_MAX, SEEN_MS } from "../state/player.ts";
import { JUDGEMENTS_KEPT, type NormalizerState, newShadow, rulesOf } from "../state/state.ts";
import { withFirst } from "./campaign-first.ts";
import { isTurn } from "./checks/device-crowd.ts";
import { userHeatRules } from "./checks/velocity.ts";

export function evolve(state: NormalizerState, decision: Decision): void {
  if (decision.validity_status === "rejected") return;
  const atMs = timeMs(decision.received_at);
  state.nowMs = Math.max(state.nowMs, atMs);
  const player = evolvePlayer(state, decision, atMs);
  const { device_id, session_id } = decision;
  if (device_id !== undefined) player.device = evolveDevice(state, decision, device_id, atMs);
  if (session_id !== undefined && addsHeat(decision))
    player.session = evolveSession(state, decision, session_id, atMs);
  if (decision.validity_status === "accepted") {
    player.member = evolveMember(state, decision, atMs, rulesOf(state));
    evolveWeek(state, decision);
  } else openQuarantined(state, decision, atMs);
}

/** Whether an entry already includes a decision; an entry that doesn't is marked as including it. */
function includes(entry: Entry, source_seq: number): boolean {
  if (entry.through >= source_seq) return true;
  entry.through = source_seq;
  return false;
}

/** The numbers that a decision was made by: the realm's own rules may be ahead of a decision that is folded again. */
function judgementOf(state: NormalizerState, { ruleset_version }: Decision): JudgementRules {
  const { judgements } = rulesOf(state);
  const found = judgements.findLast(({ version }) => version === ruleset_version);
  if (found === undefined)
    throw new CacheUnusable(
      `a decision by ruleset ${ruleset_version} is to be folded, which is no longer known`,
    );
  return found.judgement;
}

/** A release adds points alone, since heat came with its quarantine; and an event that made the core throw has no factors. */
const addsHeat = ({ reason }: Accepted | Quarantined): boolean =>
  reason !== "released" && reason !== "stage_error";

function evolvePlayer(state: NormalizerState, decision: Accepted | Quarantined, atMs: number): PlayerState {
  const { user_id, source_seq, normalized_points: points } = decision;
  const player = state.players.get(user_id) ?? new PlayerState();
  if (includes(player, source_seq)) return player;
  player.lastMs = atMs;
  if (decision.reason !== "released") remember(player, decision, atMs);
  if (addsHeat(decision)) warmPlayer(player, decision, atMs, judgementOf(state, decision));
  if (points > 0) player.count(dayNamed(decision.daily_cap_bucket), SOURCES.indexOf(decision.source), points);
  state.players.put(user_id, player);
  return player;
}

function warmPlayer(
  player: PlayerState,
  decision: Accepted | Quarantined,
  atMs: number,
  { heat, anti_spam, fingerprint: exact }: JudgementRules,
): void {
  const hasDevice = decision.device_id !== undefined;
  player.burst = hit(
    player.burst,
    atMs,
    heat.user_burst.leak_seconds * 1_000,
    userHeatRules(heat.user_burst, hasDevice).reject,
  );
  player.drip = hit(
    player.drip,
    atMs,
    heat.user_drip.leak_seconds * 1_000,
    userHeatRules(heat.user_drip, hasDevice).reject,
  );
  const { fine, coarse, fingerprint } = fingerprintsOf(decision);
  player.warmSignature(fine, atMs, anti_spam.fine_leak_seconds * 1_000);
  player.warmSignature(coarse, atMs, anti_spam.coarse_leak_seconds * 1_000);
  player.warmFingerprint(fingerprint, atMs, exact.leak_seconds * 1_000);
  player.acted(CATEGORIES.indexOf(decision.category), atMs);
}

const FORGOTTEN_AT_ONCE = 16;

function remember(player: PlayerState, decision: Accepted | Quarantined, atMs: number): void {
  player.see(eventFingerprint(decision.event_id), fingerprintsOf(decision).content, Math.ceil(atMs / 1_000));
  const count = player.seenCount;
  let gone = 0;
  while (count - gone > SEEN_MAX || player.seenSeconds(gone) * 1_000 <= atMs - SEEN_MS) gone++;
  // Expired keys may stay for a while: dropping several at once is cheaper.
  if (gone >= FORGOTTEN_AT_ONCE || count > SEEN_MAX) player.forget(gone);
}

function evolveDevice(
  state: NormalizerState,
  decision: Accepted | Quarantined,
  id: string,
  atMs: number,
): DeviceState {
  const { user_id, source_seq, normalized_points: points } = decision;
  const device = state.devices.get(id) ?? new DeviceState();
  if (includes(device, source_seq)) return device;
  device.lastMs = atMs;
  const { heat, device_users, device_turns } = judgementOf(state, decision);
  if (addsHeat(decision)) {
    const { device_burst, device_drip } = heat;
    device.burst = hit(device.burst, atMs, device_burst.leak_seconds * 1_000, device_burst.reject);
    device.drip = hit(device.drip, atMs, device_drip.leak_seconds * 1_000, device_drip.reject);
    const turnMs = device_turns.leak_seconds * 1_000;
    if (isTurn(device, user_id, atMs, turnMs)) device.turns = hit(device.turns, atMs, turnMs);
    // One user more than allowed marks a crowd; further ones need not be remembered.
    device.played(user_id, atMs, device_users + 1);
  }
  if (points > 0) device.count(dayNamed(decision.daily_cap_bucket), points);
  state.devices.put(id, device);
  return device;
}

function evolveSession(
  state: NormalizerState,
  decision: Accepted | Quarantined,
  id: string,
  atMs: number,
): SessionState {
  const session = state.sessions.get(id) ?? { through: 0, burst: 0 };
  if (includes(session, decision.source_seq)) return session;
  const { leak_seconds, reject } = judgementOf(state, decision).heat.session_burst;
  session.burst = hit(session.burst, atMs, leak_seconds * 1_000, reject);
  state.sessions.put(id, session);
  return session;
}

/** The fold of memberships alone. */
type Members = Pick<NormalizerState, "members">;

/**
 * An accepted event that says so binds its user, as does the first of a user, which of an earlier release doesn't say it. `open`: the
 * campaigns that are worth remembering.
 */
export function evolveMember(
  state: Members,
  decision: Accepted,
  atMs: number,
  open: Pick<Admission, "campaigns">,
): Membership {
  const { user_id, faction_id: faction, source_seq, binds, campaign_first } = decision;
  const member = state.members.get(user_id);
  const changes = binds === 1 || campaign_first === 1;
  if (member !== undefined && (!changes || member.through >= source_seq)) return member;
  const isBinding = member === undefined || binds === 1;
  const bound: Membership = isBinding ? boundTo(member, { faction, source_seq, atMs }) : member;
  bound.through = source_seq;
  if (campaign_first === 1) bound.firsts = withFirst(bound.firsts, decision, open);
  state.members.put(user_id, bound);
  return bound;
}

function evolveWeek(state: NormalizerState, decision: Accepted): void {
  const { week } = state;
  if (decision.normalized_points === 0 || includes(week, decision.source_seq)) return;
  countWeek(week, decision);
  state.changed.add("r.week");
}

function openQuarantined(state: NormalizerState, decision: Quarantined, atMs: number): void {
  const known = state.quarantine.get(decision.event_id);
  if (known !== undefined && known.through >= decision.source_seq) return;
  // An event that is open already stays open, with its latest decision.
  if (known?.closed !== 0) countOpen(state, decision.user_id, 1);
  state.quarantine.put(decision.event_id, {
    through: decision.source_seq,
    user: decision.user_id,
    atMs,
    hash: quarantineHash(decision),
    closed: 0,
  });
}

/** A review closes the event that it names. */
function closeReviewed(state: NormalizerState, command: DecidedCommand): void {
  if (command.kind !== "review.release" && command.kind !== "review.reject") return;
  const entry = state.quarantine.get(command.payload.event);
  if (entry === undefined || entry.closed === 1 || entry.through >= command.source_seq) return;
  entry.through = command.source_seq;
  entry.closed = 1;
  countOpen(state, entry.user, -1);
  state.quarantine.put(command.payload.event, entry);
}

/** Keeps the index of open events. */
function countOpen(state: NormalizerState, user: string, by: 1 | -1): void {
  const open = (state.open.get(user) ?? 0) + by;
  if (open === 0) state.open.delete(user);
  else state.open.set(user, open);
  state.openTotal += by;
}

export function evolveCommand(state: NormalizerState, command: DecidedCommand): void {
  state.nowMs = Math.max(state.nowMs, timeMs(command.received_at));
  // Votes change their users' entries only: the realm's entry would be rewritten for each vote.
  if (command.kind === "council.vote") {
    evolveMembership(state, command);
    return;
  }
  if (command.kind === "chapter.receipt" || command.kind === "activity.daily") return;
  if (command.status === "applied") {
    evolveMembership(state, command);
    closeReviewed(state, command);
    evolveShadow(state, command);
  }
  rememberCommand(state, command);
  if (command.kind === "event.void" || command.kind === "event.restore") evolveVoid(state, command);
  const rules = state.rules;
  if (rules !== undefined && rules.through >= command.source_seq) return;
  if (command.kind === "ruleset.set" && command.status === "applied") {
    // A ruleset from before some of its numbers existed gets their defaults.
    const ruleset = readRuleset(command.payload.ruleset);
    const version = command.ruleset_version!;
    const judgements = [...(rules?.judgements ?? []), { version, judgement: ruleset.judgement }];
    state.rules = {
      ...(rules ?? OPEN),
      through: command.source_seq,
      ruleset,
      version,
      judgements: judgements.slice(-JUDGEMENTS_KEPT),
      councils: rules?.councils ?? [],
    };
  } else if (rules === undefined) throw new Error("EVENTS must start with the realm's first ruleset");
  else if (command.kind === "council.open" && command.status === "passed") {
    const { command_id: id, payload, received_at } = command;
    const { faction, options } = payload;
    rules.councils = rules.councils.filter((council) => council.faction !== faction);
    rules.councils.push({ faction, id, atMs: timeMs(received_at), options: options.length });
  } else Object.assign(rules, admissionAfter(rules, command));
  const now = state.rules!;
  // A season begins without councils, so that each faction may open one at once.
  if (command.kind === "season.open" && command.status === "passed") now.councils = [];
  now.through = command.source_seq;
  state.changed.add("r.realm");
}

/** An older cache has commands in the realm's entry; the first command moves them, and both entries are written at once. */
function rememberCommand(state: NormalizerState, command: DecidedCommand): void {
  const { commands, changed } = state;
  const atMs = timeMs(command.received_at);
  const dated = commands.date(atMs);
  if (dated !== undefined) changed.add(`c.${dated}`);
  if (isRemembered(command)) changed.add(`c.${commands.add(command, atMs)}`);
}

function evolveShadow(state: NormalizerState, command: DecidedCommand): void {
  if (command.kind !== "shadow.set" && command.kind !== "shadow.clear") return;
  if (includes(state.shadow, command.source_seq)) return;
  state.shadow.running =
    command.kind === "shadow.clear"
      ? undefined
      : newShadow(readRuleset(command.payload.ruleset), command.received_at);
  state.changed.add("r.shadow");
}

/** A void takes its event's points out of the day in which they counted, of the user, the device and the realm; a restore puts them in. */
function evolveVoid(
  { players, devices, week, changed }: NormalizerState,
  { kind, status, payload: { counted }, source_seq }: Voiding,
): void {
  if (status === "refused" || counted === undefined) return;
  const points = kind === "event.void" ? -counted.normalized : counted.normalized;
  const day = dayNamed(counted.day);
  const player = players.get(counted.user);
  if (player !== undefined && !includes(player, source_seq)) {
    player.adjust(day, SOURCES.indexOf(counted.source), points);
    players.put(counted.user, player);
  }
  const device = counted.device === undefined ? undefined : devices.get(counted.device);
  if (device !== undefined && !includes(device, source_seq)) {
    device.adjust(day, points);
    devices.put(counted.device!, device);
  }
  const today = week.days.find((each) => each.day === day);
  if (today === undefined || includes(week, source_seq)) return;
  today.points = Math.max(0, today.points + points);
  changed.add("r.week");
}
type Voiding = Extract<DecidedCommand, { kind: "event.void" | "event.restore" }>;

/** So many of a user's last commands are known by their marks, so that a late repeat of one undoes nothing. */
const ASKED_KEPT = 4;

/**
 * What a command makes of a membership: a `member.*` that was applied, a vote that passed. Other commands change none. A user votes
 * once in a council, and chooses with it: nobody votes for one faction and moves on at once to another.
 */
export function evolveMembership(state: Members, command: DecidedCommand): void {
  switch (command.kind) {
    case "member.join":
    case "member.switch":
    case "member.leave":
      if (command.status === "applied") evolveAsked(state, command);
      return;
    case "council.vote":
      if (command.status === "passed") evolveVote(state, command);
  }
}

function evolveVote(state: Members, command: Extract<DecidedCommand, { kind: "council.vote" }>): void {
  const { payload, source_seq } = command;
  const member = state.members.get(payload.user);
  if (member === undefined || includes(member, source_seq)) return;
  member.voted = command.council!;
  member.chosen = source_seq;
  state.members.put(payload.user, member);
}

type Asked = Extract<DecidedCommand, { kind: "member.join" | "member.switch" | "member.leave" }>;

function evolveAsked({ members }: Members, { command_id, received_at, source_seq, ...said }: Asked): void {
  const { user } = said.payload;
  const known = members.get(user);
  if (known !== undefined && known.through >= source_seq) return;
  const member =
    said.kind === "member.leave"
      ? leftBy(known, source_seq)
      : boundTo(known, { faction: said.payload.faction, source_seq, atMs: timeMs(received_at) });
  if (member === undefined) return;
  if (said.kind === "member.join" && said.payload.cohort !== undefined) member.cohort = said.payload.cohort;
  member.asked = [...(member.asked ?? []), eventFingerprint(command_id)].slice(-ASKED_KEPT);
  members.put(user, member);
}

const leftBy = (member: Membership | undefined, source_seq: number): Membership | undefined =>
  member && Object.assign(member, { through: source_seq, left: 1 as const });
