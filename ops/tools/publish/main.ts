/**
 * `npm run publish`: recorded candidates, NDJSON from a file or standard input, to a realm's RAW stream.
 *
 * Lines go as they are, once they would pass ingest: what wouldn't is told by its number and not sent. Progress is on standard error, the result
 * on standard output.
 */
import { createReadStream } from "node:fs";
import { errors as natsErrors } from "@nats-io/transport-node";
import { validate } from "../../../ingest/gate/validate.ts";
import { MAX_CANDIDATE_BYTES } from "../../../shared/contracts/candidate.ts";
import { EnvError, readEnv } from "../../../shared/process/env.ts";
import { untilSignal } from "../../../shared/stage/service.ts";
import { STORY_USER } from "../../../shared/stream/access.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { withoutSecrets } from "../../../shared/stream/nats-connection.ts";
import { publishOne, Refusal } from "../../../shared/stream/publish.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import { LocalSetupError } from "../../local/setup-error.ts";
import { openNats } from "../../local/which-servers.ts";
import { UsageError } from "../arguments.ts";
import { addressOf, occurredAtMs, shifted } from "./address.ts";
import { linesOf, type NumberedLine } from "./ndjson.ts";
import { showProgress } from "./progress.ts";
import { type Outgoing, publishCandidates } from "./publish-candidates.ts";
import { HELP, readSettings, type Settings } from "./settings.ts";
import { Tally } from "./tally.ts";

type Item = Outgoing & { line: number };

/** More than any subject's last sequence: what expects it is never stored. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Asks as a publisher can: a realm's stream refuses a publish that expects an impossible sequence, and without a stream there is no answer. */
async function openRealm(natsUrl: string, realm: string): Promise<Bus> {
  const bus = await openNats(readEnv(process.env), STORY_USER, natsUrl, "publish");
  try {
    await publishOne(bus, {
      subject: subjects.rawCandidate(realm),
      data: "",
      expectedLastSubjectSeq: NEVER,
    });
    throw new Error(`realm ${realm} stored what no stream should`);
  } catch (error) {
    if (error instanceof Refusal) return bus;
    await bus.close();
    if (!(error instanceof natsErrors.RequestError)) throw error;
    throw new LocalSetupError(
      `The NATS server at ${withoutSecrets(natsUrl)} has no realm ${realm}, or this user may not publish to it: provision it, or check --realm.`,
    );
  }
}

const chunksOf = (file: string | undefined): AsyncIterable<Uint8Array> =>
  file === undefined ? process.stdin : createReadStream(file);

/**
 * The lines to publish, and by how much to shift their times. A shift needs the newest time before the first line goes: a
 * file is read twice for it, standard input is held in memory.
 */
async function readLines({
  file,
  now,
}: Settings): Promise<{ lines: AsyncIterable<NumberedLine>; shiftMs: number }> {
  if (!now) return { lines: linesOf(chunksOf(file)), shiftMs: 0 };
  const held: NumberedLine[] = [];
  let newestMs = Number.NEGATIVE_INFINITY;
  for await (const line of linesOf(chunksOf(file))) {
    const address = addressOf(line.bytes);
    const atMs = "text" in address ? occurredAtMs(address.text) : Number.NaN;
    if (atMs > newestMs) newestMs = atMs;
    if (file === undefined) held.push(line);
  }
  const shiftMs = newestMs === Number.NEGATIVE_INFINITY ? 0 : Date.now() - newestMs;
  return { lines: file === undefined ? inMemory(held) : linesOf(chunksOf(file)), shiftMs };
}

async function* inMemory<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

/**
 * What can be published; what can't is refused on the way, and so is what ingest would reject: stored, it would use up its key
 * for as long as JetStream remembers that.
 */
async function* addressed(
  lines: AsyncIterable<NumberedLine>,
  shiftMs: number,
  { realm, unchecked }: Settings,
  tally: Tally,
): AsyncGenerator<Item> {
  for await (const { number, bytes } of lines) {
    const address = addressOf(bytes);
    if ("refused" in address) tally.refuse(number, address.refused);
    else {
      const data = shiftMs === 0 ? address.text : shifted(address.text, shiftMs);
      const wrong = unchecked ? undefined : wrongWith(data, realm);
      if (wrong === undefined) yield { line: number, msgId: address.msgId, data };
      else tally.refuse(number, wrong);
    }
  }
}

/** Why ingest would reject a candidate that came now. */
function wrongWith(text: string, realm: string): string | undefined {
  const data = Buffer.from(text);
  const verdict = validate({ kind: "candidate", realm, data, atMs: Date.now(), source_seq: 1 });
  if (verdict.kind !== "rejected") return undefined;
  const { reason, path, message } = verdict.rejection;
  if (reason === "too_large") return `too_large: a candidate has at most ${MAX_CANDIDATE_BYTES} bytes`;
  return `${reason}: ${path || "the line"}: ${message}`;
}

async function main(): Promise<number> {
  const settings = await readSettings(process.argv.slice(2));
  if (settings === "help") {
    console.log(HELP);
    return 0;
  }
  const { realm } = settings;
  const bus = await openRealm(settings.natsUrl, realm);
  const tally = new Tally();
  const progress = showProgress(tally);
  try {
    const { lines, shiftMs } = await readLines(settings);
    const signal = untilSignal();
    const { unsettled, gaveUp } = await publishCandidates({
      bus,
      realm,
      items: addressed(lines, shiftMs, settings, tally),
      settled: (item, outcome) => tally.count(item.line, outcome),
      waiting: progress.waiting,
      signal,
      patienceMs: settings.patienceMs,
    });
    for (const item of unsettled) tally.refuse(item.line, "not acknowledged");
    progress.stop();
    console.log(tally.report().join("\n"));
    const end = `after line ${tally.lastLine}; nothing beyond it was published`;
    if (gaveUp !== undefined) console.error(`Gave up ${end}: ${gaveUp}.`);
    else if (signal.aborted) console.error(`Stopped ${end}.`);
    return gaveUp === undefined && !signal.aborted && tally.refused === 0 ? 0 : 1;
  } finally {
    progress.stop();
    await bus.close();
    process.stdin.destroy();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = [UsageError, EnvError, LocalSetupError].some((kind) => error instanceof kind);
  if (!expected) throw error;
  console.error(`publish: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
