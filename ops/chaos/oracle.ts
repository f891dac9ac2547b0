/**
 * The oracle: one thread, no shell, no batches, no cache. It folds what was published, in RAW's order, through the pure
 * cores and says what every stream must hold if nothing was lost and nothing was doubled.
 */
import { arrivalKind, validate } from "../../ingest/gate/validate.ts";
import { foldCandidate, foldCommand } from "../../normalizer/core.ts";
import { evolveCommand } from "../../normalizer/judge/evolve.ts";
import { initialState } from "../../normalizer/state/initial-state.ts";
import type { DecidedCommand } from "../../shared/contracts/command.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { bodiesOf, textOf } from "../../shared/stream/codec.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { type Input, Reader } from "../../shared/stream/reader.ts";
import { eventsStream, subjects, validStream, worldStream } from "../../shared/stream/subjects.ts";
import { genesis } from "../../shared/world/genesis.ts";
import { advance, movingSubjects, stateOf } from "../../simulator/advance.ts";
import { commandsParts } from "../../simulator/commands/parts.ts";

export type OracleReport = {
  /** Distinct messages published and acknowledged. */
  published: number;
  /** Bodies that must be in RAW, VALID, EVENTS or WORLD and aren't. */
  lost: number;
  /** Bodies that are there more often than they must be, or that were never sent. */
  doubled: number;
  /** The first few contradictions, in words. */
  problems: string[];
  ticks: number;
  /** Derived events of these ticks, and commands that they decided. */
  told: number;
  /** `public_hash` after the last recorded marker, as the oracle computes it. */
  hash: string;
  /** Bodies in EVENTS by verdict, and what ingest refused. */
  bodies: Record<string, number>;
};

/** A body with its subject's first tokens: the unit in which loss and doubling are counted. */
type Line = string;

/**
 * Holds the realm's streams against what was published: each acknowledged sequence of RAW with its body. `raw`: all that RAW ever
 * held. The pipeline must have drained; what is still under way counts as lost.
 */
export async function judge(
  bus: Bus,
  realm: string,
  published: ReadonlyMap<number, string>,
  raw: readonly Input[],
): Promise<OracleReport> {
  const events = await readAll(bus, eventsStream(realm), [`events.*.${realm}`]);
  const valid = await readAll(bus, validStream(realm), [`impact.*.${realm}`, subjects.validCommand(realm)]);
  const ticks = await readAll(bus, worldStream(realm), [
    subjects.tick(realm),
    subjects.settledCommands(realm),
  ]);
  const decided = events.filter((input) => input.subject !== subjects.tickMarker(realm)).flatMap(linesOf);

  const expected = refold(realm, raw, valid[0]!, events[0]!);
  const world = refoldWorld(realm, events);
  const found = [
    compare(
      "RAW",
      [...published].sort(([a], [b]) => a - b).map(([seq, body]) => `${seq} ${body}`),
      raw.filter((input) => !isStewards(input)).map(rawLine),
    ),
    compare("VALID", expected.valid, valid.flatMap(linesOf)),
    compare("EVENTS", expected.events, decided),
    compare(
      "WORLD",
      world.bodies,
      ticks.map((input) => textOf(input.data)),
    ),
  ];
  const bodies: Record<string, number> = {};
  for (const line of [...expected.valid, ...expected.events]) {
    const kind = line.slice(0, line.indexOf(" "));
    bodies[kind] = (bodies[kind] ?? 0) + 1;
  }
  return {
    published: published.size,
    lost: found.reduce((sum, part) => sum + part.lost, 0),
    doubled: found.reduce((sum, part) => sum + part.doubled, 0),
    problems: found.flatMap((part) => part.problems),
    ticks: world.ticks,
    told: world.told,
    hash: world.hash,
    bodies,
  };
}

/** What the world called for: the load didn't publish it, while the stages judge it like everything else. */
const isStewards = (input: Input): boolean =>
  textOf(input.data).includes('"actor":{"type":"system","id":"steward"}');

const rawLine = (input: Input): Line => `${input.seq} ${textOf(input.data)}`;

const linesOf = (input: Input): Line[] =>
  bodiesOf(input.data).map((body) => `${input.subject} ${JSON.stringify(body)}`);

/** What VALID and EVENTS must hold, body by body, in order. */
function refold(
  realm: string,
  raw: readonly Input[],
  firstValid: Input,
  firstEvent: Input,
): { valid: Line[]; events: Line[] } {
  const valid: Line[] = linesOf(firstValid);
  const events: Line[] = linesOf(firstEvent);
  const state = initialState(realm);
  for (const command of bodiesOf<DecidedCommand>(firstEvent.data)) evolveCommand(state, command);
  let lastAtMs = 0;
  for (const input of raw) {
    lastAtMs = Math.max(lastAtMs, input.atMs);
    const kind = arrivalKind(input.subject, realm);
    const verdict = validate({ kind, realm, data: input.data, atMs: lastAtMs, source_seq: input.seq });
    if (verdict.kind === "rejected")
      valid.push(`${subjects.ingestRejected(realm)} ${JSON.stringify(verdict.rejection)}`);
    else if (verdict.kind === "command") {
      valid.push(`${subjects.validCommand(realm)} ${JSON.stringify(verdict.valid)}`);
      const { command, decision } = foldCommand(state, verdict.valid);
      events.push(`${subjects.command(realm)} ${JSON.stringify(command)}`);
      if (decision !== undefined)
        events.push(`events.${decision.validity_status}.${realm} ${JSON.stringify(decision)}`);
    } else {
      valid.push(`${subjects.validCandidate(realm)} ${JSON.stringify(verdict.valid)}`);
      const decision = foldCandidate(state, verdict.valid);
      events.push(`events.${decision.validity_status}.${realm} ${JSON.stringify(decision)}`);
    }
  }
  return { valid, events };
}

/** The tick records that WORLD must hold, each with what became of its commands, given where the markers stand in EVENTS. */
function refoldWorld(
  realm: string,
  events: Input[],
): { bodies: Line[]; ticks: number; told: number; hash: string } {
  const command = bodiesOf<DecidedCommand>(events[0]!.data)[0]!;
  if (command.kind !== "ruleset.set") throw new Error("EVENTS doesn't start with the first ruleset");
  const start = genesis(realm, command.payload.ruleset, command.received_at);
  const state = stateOf(start.snapshot);
  const bodies = [JSON.stringify(start.record)];
  let told = 0;
  const moving = new Set(movingSubjects(realm));
  for (const input of events) {
    if (!moving.has(input.subject)) continue;
    const { tick } = advance(state, input);
    if (tick === undefined) continue;
    const { record, settled } = tick;
    told += record.events.length + settled.length;
    bodies.push(JSON.stringify(record satisfies TickRecord), ...commandsParts(realm, record.tick, settled));
  }
  return { bodies, ticks: state.world.public.tick, told, hash: state.last.public_hash };
}

/** Counts what is missing and what is there too often, and names the first place where the order differs. */
function compare(
  name: string,
  want: Line[],
  have: Line[],
): { lost: number; doubled: number; problems: string[] } {
  const balance = new Map<Line, number>();
  for (const line of want) balance.set(line, (balance.get(line) ?? 0) + 1);
  for (const line of have) balance.set(line, (balance.get(line) ?? 0) - 1);
  let lost = 0;
  let doubled = 0;
  for (const n of balance.values()) {
    if (n > 0) lost += n;
    else doubled -= n;
  }
  const at = want.findIndex((line, i) => line !== have[i]);
  if (at === -1 && want.length === have.length) return { lost, doubled, problems: [] };
  const place = at === -1 ? want.length : at;
  const cut = (line: Line | undefined) => line?.slice(0, 600) ?? "nothing";
  return {
    lost,
    doubled,
    problems: [`${name} ${place}: must be ${cut(want[place])}, is ${cut(have[place])}`],
  };
}

/** Every message of a stream's subjects, up to its end now. */
async function readAll(bus: Bus, stream: string, names: string[]): Promise<Input[]> {
  const { created, firstSeq } = await streamEnds(bus, stream);
  const info = await bus.jsm.streams.info(stream, { subjects_filter: ">" });
  const signal = new AbortController().signal;
  const inputs: Input[] = [];
  const reader = new Reader(bus, { stream, subjects: names, created, from: firstSeq });
  const matching = Object.entries(info.state.subjects ?? {}).filter(([subject]) =>
    names.some((name) => matches(name, subject)),
  );
  const total = matching.reduce((sum, [, count]) => sum + count, 0);
  try {
    while (inputs.length < total) inputs.push(...(await reader.take(10_000, signal)));
  } finally {
    await reader.close();
  }
  return inputs.slice(0, total);
}

const matches = (filter: string, subject: string): boolean => {
  const [wanted, given] = [filter.split("."), subject.split(".")];
  return wanted.length === given.length && wanted.every((token, i) => token === "*" || token === given[i]);
};
