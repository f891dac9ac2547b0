/**
 * The storyteller: a synthetic story engine. It plays a cast of players through visits, chapters and deeds, and tells every
 * deed as the candidate that a real engine would send, mishaps included. Pure: the same options tell the same story.
 */
import type { Candidate } from "../../../shared/contracts/candidate.ts";
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import { candidateMsgId, commandMsgId } from "../../../shared/stream/subjects.ts";
import { actsOf, meanVigourBp } from "./acts.ts";
import { Chance } from "./chance.ts";
import { scripted } from "./cheats.ts";
import type { DeedKind } from "./deed-kinds.ts";
import { candidateOf } from "./deeds.ts";
import { chooseFront } from "./fronts.ts";
import { LATE_RETRY_MS, MISHAPS, type Mishap, RETRY_MS, spoil } from "./mishaps.ts";
import { deedsPerVisitMilli, longestVisitMs, newcomer, type Player, temperamentOf } from "./players.ts";
import { Politics } from "./politics.ts";
import { firstSight, type Seen } from "./seen.ts";

export type StoryOptions = {
  seed: number;
  realm: string;
  ruleset: Ruleset;
  /** When the story starts, ms since 1970. */
  startMs: number;
  /** Mean number of candidates an hour. */
  perHour: number;
  /** Length of an act, ms. */
  actMs: number;
  /** What the others do during a faction's surge, of 10 000 deeds they could do: the lower, the stronger the tide. */
  restingBp: number;
  /** Of 10 000 deeds, how many go wrong on their way. */
  mishapsBp: number;
  /** The world as the engine sees it; absent: the start of the season, for ever, and nobody takes part in politics. */
  seen?: () => Seen;
  /** A script begins to play every so many ms; absent: none does. */
  cheatMs?: number;
};

/** One message of the story engine. */
export type Line = {
  /** Since the start of the story, ms; never decreases. */
  atMs: number;
  msgId: string;
  /** The body, JSON. */
  text: string;
  /** A player's command instead of a candidate. */
  command?: true;
  /** Absent: a deed as it should be. */
  mishap?: Mishap | "cheat";
};

type Beat =
  | { atMs: number; kind: "deed"; player: Player; sessionId: string; key: string; deed: DeedKind }
  | { atMs: number; kind: "send"; line: Line };

/** Beats are kept by slots of time: a slot is small enough to sort, and nothing else needs an order. */
const SLOT_MS = 100;
/** From the deed until the engine has judged and sent it. */
const ENGINE_DELAY_MS = [40, 900] as const;
/** A visit is started by somebody who was here before, of 10 000, once there is somebody rested. */
const RETURNS_BP = 6_000;
const REST_MS = 600_000;
const MAX_RESTING = 30_000;
const RECENT_DEVICES = 64;
/** How often players look for something to decide. */
const SLOTS_BETWEEN_LOOKS = 5;
/** Of 10 000 deeds while a campaign runs, how many are for it. */
const CAMPAIGN_BP = 6_000;

/** Tells the story, without an end. */
export function* tellStory(options: StoryOptions): Generator<Line, never> {
  const { ruleset, realm, startMs } = options;
  const chance = new Chance(options.seed);
  const factionIds = Object.keys(ruleset.factions);
  const acts = actsOf(factionIds, options.restingBp);
  const untouched = firstSight(ruleset);
  const politics = options.seen === undefined ? undefined : new Politics(ruleset, chance);
  let commands = 0;
  const agenda = new Agenda();
  const cast = new Cast(factionIds, chance);
  const meanVigour = meanVigourBp(factionIds.length, options.restingBp);
  // In units of a deed · ms / h, so that any rate stays an integer.
  const visitCost = Math.floor((deedsPerVisitMilli() * meanVigour * 36) / 100);
  let credit = 0;

  // The curtain rises over a world at play: visits that began before the start are told from the start on.
  const warmUpSlots = Math.ceil(longestVisitMs() / SLOT_MS);
  for (let slot = -warmUpSlots; ; slot++) {
    credit += options.perHour * SLOT_MS;
    for (; credit >= visitCost; credit -= visitCost) {
      const atMs = slot * SLOT_MS + chance.within([0, SLOT_MS - 1]);
      planVisit(cast.arrival(atMs), atMs);
    }
    if (slot > 0 && options.cheatMs !== undefined && (slot * SLOT_MS) % options.cheatMs < SLOT_MS)
      planScript(slot * SLOT_MS);
    const beats = agenda.take(slot);
    if (slot < 0) continue;
    if (politics !== undefined && slot % SLOTS_BETWEEN_LOOKS === 0) yield* talkPolitics(slot * SLOT_MS);
    const act = acts[Math.floor((slot * SLOT_MS) / options.actMs) % acts.length]!;
    for (const beat of beats) {
      if (beat.kind === "send") yield beat.line;
      else if (chance.happens(act.vigourBp.get(beat.player.factionId)!)) yield* tellDeed(beat);
    }
  }

  /** Puts the deeds of a visit on the agenda: chapters as bursts, with rests between. */
  function planVisit(player: Player, startsMs: number): void {
    const { chapters, deeds, gapMs, restMs, habits } = temperamentOf(player);
    const sessionId = `s${chance.letters(12)}`;
    let atMs = startsMs;
    const plan = (name: string, deed: DeedKind) => {
      if (atMs >= 0) agenda.add({ atMs, kind: "deed", player, sessionId, key: `${sessionId}.${name}`, deed });
      atMs += chance.within(gapMs);
    };
    const chapterCount = chance.within(chapters);
    for (let chapter = 1; chapter <= chapterCount; chapter++) {
      const deedCount = chance.within(deeds);
      for (let n = 1; n <= deedCount; n++) plan(`c${chapter}.d${n}`, chance.weighted(habits));
      plan(`c${chapter}.end`, "chapter_end");
      if (chapter < chapterCount) atMs += chance.within(restMs);
    }
    cast.leaves(player, atMs);
  }

  function planScript(fromMs: number): void {
    const { controllers } = options.seen?.() ?? untouched;
    for (const { atMs: at, candidate } of scripted(
      { realm, ruleset, controllers, atMs: startMs + fromMs },
      chance,
    )) {
      const atMs = at - startMs;
      const msgId = candidateMsgId(candidate.user_id, candidate.idempotency_key);
      const line: Line = { atMs, msgId, text: JSON.stringify(candidate), mishap: "cheat" };
      agenda.add({ atMs, kind: "send", line });
    }
  }

  function* talkPolitics(atMs: number): Generator<Line> {
    for (const { user, kind, payload } of politics!.turn(options.seen!())) {
      const actor = { type: "player", id: user } as const;
      const idempotency_key = `politics.${options.seed}.${++commands}`;
      const body = { v: 1, idempotency_key, realm_id: realm, actor, kind, payload };
      yield { atMs, msgId: commandMsgId(actor, idempotency_key), text: JSON.stringify(body), command: true };
    }
  }

  /** A campaign that counts the player's deed, most often where one runs. */
  function campaignFor({ factionId }: Player): string | undefined {
    const running = (options.seen?.() ?? untouched).campaigns.filter(
      ({ faction = factionId }) => faction === factionId,
    );
    if (running.length === 0 || !chance.happens(CAMPAIGN_BP)) return undefined;
    return chance.pick(running).id;
  }

  function* tellDeed(beat: Beat & { kind: "deed" }): Generator<Line> {
    const { atMs, player, sessionId, key } = beat;
    const devoted = temperamentOf(player).devoted;
    const { controllers } = options.seen?.() ?? untouched;
    const front = chooseFront(ruleset, controllers, player.factionId, devoted, chance);
    const occurredAtMs = startMs + atMs - chance.within(ENGINE_DELAY_MS);
    const campaignId = campaignFor(player);
    const moment = { realm, player, sessionId, idempotencyKey: key, occurredAtMs, front, campaignId };
    const candidate = candidateOf(beat.deed, moment, chance);
    const line = lineOf(atMs, player, candidate);
    politics?.acted(player.factionId, player.userId, candidate.base_points);
    if (!chance.happens(options.mishapsBp)) {
      player.settled = true;
      yield line;
      return;
    }
    const mishap = chance.weighted(MISHAPS);
    switch (mishap) {
      case "retry":
      case "late_retry": {
        player.settled = true;
        yield line;
        const again = atMs + chance.within(mishap === "retry" ? RETRY_MS : LATE_RETRY_MS);
        agenda.add({ atMs: again, kind: "send", line: { ...line, atMs: again, mishap } });
        return;
      }
      case "reused_key": {
        player.settled = true;
        yield line;
        const again = atMs + chance.within(LATE_RETRY_MS);
        const other = { ...candidate, base_points: candidate.base_points + 1 };
        agenda.add({ atMs: again, kind: "send", line: { ...lineOf(again, player, other), mishap } });
        return;
      }
      case "turncoat":
        // Where the first deed binds, a newcomer's would make the player the other faction's for good.
        if (player.settled)
          yield { ...lineOf(atMs, player, spoil(candidate, mishap, factionIds, chance)), mishap };
        else yield line;
        player.settled = true;
        return;
      case "garbled":
      case "stale":
      case "lost_place":
        yield { ...lineOf(atMs, player, spoil(candidate, mishap, factionIds, chance)), mishap };
        return;
      default:
        mishap satisfies never;
    }

    function lineOf(at: number, by: Player, body: Candidate | Record<string, unknown>): Line {
      return { atMs: at, msgId: candidateMsgId(by.userId, key), text: JSON.stringify(body) };
    }
  }
}

/** What will happen, by slot of time. */
class Agenda {
  readonly #slots = new Map<number, Beat[]>();

  add(beat: Beat): void {
    const slot = Math.floor(beat.atMs / SLOT_MS);
    const beats = this.#slots.get(slot);
    if (beats === undefined) this.#slots.set(slot, [beat]);
    else beats.push(beat);
  }

  /** The beats of a slot in order of time; those of one millisecond in the order they were planned. */
  take(slot: number): Beat[] {
    const beats = this.#slots.get(slot) ?? [];
    this.#slots.delete(slot);
    return beats.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Who comes to play: newcomers for ever, and some of those who were here before. Bounded. */
class Cast {
  readonly #factionIds: readonly string[];
  readonly #chance: Chance;
  readonly #resting: { player: Player; fromMs: number }[] = [];
  readonly #devices: string[] = [];

  constructor(factionIds: readonly string[], chance: Chance) {
    this.#factionIds = factionIds;
    this.#chance = chance;
  }

  arrival(atMs: number): Player {
    const rested = this.#resting[0];
    if (rested !== undefined && rested.fromMs <= atMs && this.#chance.happens(RETURNS_BP)) {
      this.#resting.shift();
      return rested.player;
    }
    const household = this.#devices.length === 0 ? undefined : this.#chance.pick(this.#devices);
    const player = newcomer(this.#factionIds, household, this.#chance);
    if (player.deviceId !== undefined && player.deviceId !== household) this.#devices.push(player.deviceId);
    if (this.#devices.length > RECENT_DEVICES) this.#devices.shift();
    return player;
  }

  leaves(player: Player, atMs: number): void {
    if (this.#resting.length < MAX_RESTING) this.#resting.push({ player, fromMs: atMs + REST_MS });
  }
}
