/**
 * The storyteller as a process: a story engine without a story. Publishes a synthetic cast's candidates and commands to a realm's
 * RAW stream as they happen, looks at the world on the feed, and keeps nothing.
 */

import { parseArgs } from "node:util";
import { FeedClient } from "../../../shared/clients/typescript/feed-client.ts";
import { readEnv } from "../../../shared/process/env.ts";
import { pause } from "../../../shared/process/pause.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { untilSignal } from "../../../shared/stage/service.ts";
import { openBus } from "../../../shared/stream/bus.ts";
import { publishOne } from "../../../shared/stream/publish.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import {
  type Outgoing,
  type PublicationResult,
  publishCandidates,
} from "../../tools/publish/publish-candidates.ts";
import { firstSight, type Seen, seenOf } from "./seen.ts";
import { type Line, tellStory } from "./storyteller.ts";

const REPORT_MS = 10_000;

const { values } = parseArgs({
  options: {
    realm: { type: "string", default: "amoi-1" },
    /** Absent: `NATS_URL`. */
    nats: { type: "string", default: readEnv(process.env).NATS_URL ?? "nats://127.0.0.1:4222" },
    /** URL of the broadcaster; absent: the story believes in the first map for ever. */
    feed: { type: "string" },
    /** A name in `shared/rulesets/` or the path of a JSON file. */
    ruleset: { type: "string", default: "amoi-1" },
    "per-second": { type: "string", default: "100" },
    "act-seconds": { type: "string", default: "600" },
    "resting-bp": { type: "string", default: "4000" },
    /** A script begins to play every so often; 0: none does. */
    "cheat-seconds": { type: "string", default: "0" },
    /** Another seed, other players: the world would take the same story told twice for a repeat. */
    seed: { type: "string", default: `${Date.now()}` },
  },
});

const { realm } = values;
const signal = untilSignal();
const ruleset = await loadRuleset(values.ruleset);
let seen: Seen = firstSight(ruleset);
const feed =
  values.feed === undefined
    ? undefined
    : new FeedClient({
        url: values.feed,
        realm,
        changed: ({ state }) => {
          seen = seenOf(state);
        },
      });
const bus = await openBus({ natsUrl: values.nats, name: "storyteller" });
const counts: Record<PublicationResult["kind"], number> = { published: 0, duplicate: 0, refused: 0 };
const say = (line: string) => process.stderr.write(`${new Date().toISOString()} ${line}\n`);
const report = () =>
  say(`published ${counts.published} · duplicate ${counts.duplicate} · refused ${counts.refused}`);
const reporting = setInterval(report, REPORT_MS);

try {
  const startMs = Date.now();
  const cheatMs = Number(values["cheat-seconds"]) * 1_000;
  const story = tellStory({
    seed: Number(values.seed),
    realm,
    ruleset,
    startMs,
    perHour: Math.round(Number(values["per-second"]) * 3_600),
    actMs: Number(values["act-seconds"]) * 1_000,
    restingBp: Number(values["resting-bp"]),
    mishapsBp: 200,
    seen: () => seen,
    ...(cheatMs > 0 ? { cheatMs } : {}),
  });
  const { unsettled } = await publishCandidates({
    bus,
    realm,
    items: asItHappens(story, startMs),
    settled: (_, { kind }) => {
      counts[kind]++;
    },
    waiting: (reason) => say(`${reason}; trying again`),
    signal,
  });
  if (unsettled.length > 0) say(`${unsettled.length} candidates were not acknowledged`);
} finally {
  clearInterval(reporting);
  report();
  feed?.close();
  await bus.close();
}

/** Each line at its time; late ones at once. */
async function* asItHappens(story: Iterable<Line>, startMs: number): AsyncGenerator<Outgoing> {
  for (const { atMs, msgId, text, command } of story) {
    const earlyMs = startMs + atMs - Date.now();
    if (earlyMs > 0) await pause(earlyMs, signal);
    if (signal.aborted) return;
    if (command) await ask(msgId, text);
    else yield { msgId, data: text };
  }
}

/** A player's command. One that isn't taken is told and lost: players ask again when the next tick shows that nothing came of it. */
async function ask(msgId: string, data: string): Promise<void> {
  try {
    await publishOne(bus, { subject: subjects.playerCommand(realm), data, msgId });
  } catch (error) {
    say(`a command was not taken: ${error instanceof Error ? error.message : error}`);
  }
}
