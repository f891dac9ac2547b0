/** `npm run bench -- normalize`: decisions/s of the judgement's pure core, and what a realm's players cost in memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { cacheSpec } from "../../normalizer/cache.ts";
import { foldCandidate } from "../../normalizer/core.ts";
import { evolveCommand } from "../../normalizer/judge/evolve.ts";
import { takeChanged } from "../../normalizer/state/changed.ts";
import { initialState } from "../../normalizer/state/initial-state.ts";
import type { NormalizerState } from "../../normalizer/state/state.ts";
import { CATEGORIES, SOURCES, type ValidCandidate } from "../../shared/contracts/candidate.ts";
import { eventId } from "../../shared/exact/identity.ts";
import { timeText } from "../../shared/exact/time.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { Chance } from "../simulation/story/chance.ts";
import { median } from "../tools/median.ts";

const REALM = "bench";
const START_MS = Date.parse("2026-03-01T00:00:00Z");
const DAYS = 3;
const PER_PLAYER = 20;
/** Candidates made before each timed stretch: what is made is not measured, and never all of it in memory at once. */
const STRETCH = 4_000;

const FACTIONS = ["empire", "freeholds", "veilborn"] as const;
const TERRITORIES = [
  "iron_gate",
  "crown_fields",
  "river_mouth",
  "salt_terrace",
  "mist_fen",
  "moon_stair",
] as const;
const ACTIONS = ["skirmish", "raid", "duel", "scout", "parley", "forage", "vow", "ritual"] as const;

export type NormalizeOptions = {
  /** Players who act, each some 20 times over three days. */
  players: number;
  /** Players who are known from KV alone. */
  known: number;
  rounds: number;
  say: (line: string) => void;
};

/** Events of one realm in their order: half of them by a tenth of the players, the clock running through three days. */
class Traffic {
  readonly #players: number;
  readonly #total: number;
  readonly #chance = new Chance(7);
  #made = 0;

  constructor(players: number) {
    this.#players = players;
    this.#total = players * PER_PLAYER;
  }

  get left(): number {
    return this.#total - this.#made;
  }

  stretch(): ValidCandidate[] {
    return Array.from({ length: Math.min(STRETCH, this.left) }, () => this.#next());
  }

  #next(): ValidCandidate {
    const chance = this.#chance;
    const n = this.#made++;
    const busy = chance.happens(5_000);
    const player = chance.within([0, Math.ceil(this.#players / (busy ? 10 : 1)) - 1]);
    const user_id = `player-${player}`;
    const atMs = START_MS + Math.floor((n * DAYS * 86_400_000) / this.#total);
    const received_at = timeText(atMs);
    const category = chance.pick(CATEGORIES);
    return {
      v: 1,
      idempotency_key: `bench-key-${n}`,
      realm_id: REALM,
      faction_id: FACTIONS[player % FACTIONS.length]!,
      user_id,
      device_id: `device-${player}`,
      session_id: `session-${player}-${Math.floor((n * DAYS * 4) / this.#total)}`,
      source: chance.pick(SOURCES),
      event_type: chance.happens(7_000) ? "territory_push" : "influence_gain",
      territory_id: chance.pick(TERRITORIES),
      action_key: `${category}.${chance.pick(ACTIONS)}`,
      category,
      base_points: chance.within([20, 120]),
      stakes: chance.within([0, 10_000]),
      significance: chance.within([0, 10_000]),
      spend_tier: chance.within([0, 3]),
      occurred_at: received_at,
      event_id: eventId(REALM, user_id, `bench-key-${n}`),
      received_at,
      source_seq: n + 1,
    };
  }
}

const thousands = (value: number): string => Math.round(value).toLocaleString("en-US");
const mib = (bytes: number): string => `${thousands(bytes / 2 ** 20)} MiB`;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes on the heap, garbage not counted. */
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

async function freshState(): Promise<NormalizerState> {
  const state = initialState(REALM);
  evolveCommand(state, {
    v: 1,
    idempotency_key: "genesis.ruleset",
    realm_id: REALM,
    actor: { type: "system", id: "bench" },
    kind: "ruleset.set",
    payload: { ruleset: await loadRuleset("amoi-1") },
    command_id: "a".repeat(26),
    received_at: timeText(START_MS),
    source_seq: 0,
    status: "applied",
    ruleset_version: 1,
  });
  return state;
}

/**
 * The floor: reads each candidate as JSON and sums its points by player, which is the least that a judgement could do; the core
 * itself gets its candidates parsed.
 */
function floor(sums: Map<string, number>, texts: readonly string[]): void {
  for (const text of texts) {
    const { user_id, base_points } = JSON.parse(text) as ValidCandidate;
    sums.set(user_id, (sums.get(user_id) ?? 0) + base_points);
  }
}

/** Judges the traffic stretch by stretch, as fast as it goes, with the floor in turn. */
async function round(players: number) {
  const state = await freshState();
  const sums = new Map<string, number>();
  const traffic = new Traffic(players);
  const verdicts = new Map<string, number>();
  let [coreMs, floorMs, coreCpuMs, events] = [0, 0, 0, 0];
  while (traffic.left > 0) {
    const texts = traffic.stretch().map((candidate) => JSON.stringify(candidate));
    // As the stage has them: their strings come out of a bundle.
    const candidates = texts.map((text) => JSON.parse(text) as ValidCandidate);
    const floorFrom = performance.now();
    floor(sums, texts);
    const coreFrom = performance.now();
    const cpuFrom = process.cpuUsage();
    floorMs += coreFrom - floorFrom;
    for (const candidate of candidates) {
      const { validity_status } = foldCandidate(state, candidate);
      verdicts.set(validity_status, (verdicts.get(validity_status) ?? 0) + 1);
    }
    coreMs += performance.now() - coreFrom;
    const { user, system } = process.cpuUsage(cpuFrom);
    coreCpuMs += (user + system) / 1_000;
    events += candidates.length;
    // The cache takes what changed every few seconds; until then nothing is swept.
    takeChanged(state);
  }
  const rate = (ms: number) => (events / ms) * 1_000;
  return {
    state,
    verdicts,
    perSecond: rate(coreMs),
    perCpuSecond: rate(coreCpuMs),
    floorPerSecond: rate(floorMs),
  };
}

export async function benchNormalize({ players, known, rounds, say }: NormalizeOptions) {
  const rates: number[] = [];
  const ratios: number[] = [];
  let texts: string[] = [];
  let playerBytes = 0;
  const freshBytes = heapBytes();
  for (let n = 1; n <= rounds; n++) {
    const { state, verdicts, perSecond, perCpuSecond, floorPerSecond } = await round(players);
    rates.push(perSecond);
    ratios.push(perSecond / floorPerSecond);
    playerBytes = (heapBytes() - freshBytes) / players;
    say(
      `round ${n}: ${thousands(perSecond)} decisions/s, ${thousands(perCpuSecond)} a second of CPU; parse and sum ${thousands(floorPerSecond)}/s; ` +
        [...verdicts].map(([verdict, count]) => `${thousands(count)} ${verdict}`).join(", "),
    );
    if (n === rounds) texts = [...state.players.ids()].map((id) => state.players.text(id)!);
  }
  const [rate, ratio] = [median(rates), median(ratios)];
  const kvBytes = texts.map((text) => Buffer.byteLength(text));
  const meanBytes = kvBytes.reduce((sum, bytes) => sum + bytes, 0) / kvBytes.length;
  say(`decisions of the core on one core     ${thousands(rate)}/s (target 200,000)`);
  say(`decisions / parse and sum             ${ratio.toFixed(2)}`);
  say(
    `a player who acts                     ${thousands(playerBytes)} bytes on the heap with device, sessions and membership; ` +
      `in KV mean ${thousands(meanBytes)}, most ${thousands(kvBytes.reduce((a, b) => Math.max(a, b), 0))}`,
  );
  const load = await loadKnown(known, texts);
  say(
    `${thousands(known)} players known from KV      ${mib(load.bytes)}, ${thousands(load.bytes / known)} bytes each, ` +
      `read in ${load.seconds.toFixed(2)} s (${thousands(known / load.seconds)}/s)`,
  );
  say(
    `memory                                ${mib(process.memoryUsage().heapUsed)} heap, ` +
      `${mib(process.resourceUsage().maxRSS * 1_024)} peak RSS`,
  );
  return { rate, ratio, meanBytes, knownBytes: load.bytes / known };
}

/** A cold start: every player's entry as KV has it, decoded from bytes of its own as the reader delivers them. */
async function loadKnown(known: number, texts: readonly string[]) {
  const state = await freshState();
  // The busiest players have the lowest numbers.
  const every = Math.ceil(texts.length / 1_000);
  const bytesOf = texts.filter((_, i) => i % every === 0).map((text) => Buffer.from(text));
  const before = heapBytes();
  const startedMs = performance.now();
  for (let n = 0; n < known; n++)
    cacheSpec.load(state, `u.known-${n}`, bytesOf[n % bytesOf.length]!.toString("latin1"));
  const seconds = (performance.now() - startedMs) / 1_000;
  const bytes = heapBytes() - before;
  if (state.players.size !== known) throw new Error(`${state.players.size} of ${known} players are known`);
  return { seconds, bytes };
}
