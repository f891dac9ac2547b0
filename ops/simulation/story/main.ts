/**
 * The storyteller as a process: a story engine without a story. Publishes a synthetic cast's candidates to a realm's RAW
 * stream as they happen, looks at the feed for who controls what, and keeps nothing.
 */

import { parseArgs } from "node:util";
import { FeedClient } from "../../../shared/clients/typescript/feed-client.ts";
import { readEnv } from "../../../shared/process/env.ts";
import { pause } from "../../../shared/process/pause.ts";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { untilSignal } from "../../../shared/stage/service.ts";
import { openBus } from "../../../shared/stream/bus.ts";
import {
  type Outgoing,
  type PublicationResult,
  publishCandidates,
} from "../../tools/publish/publish-candidates.ts";
import { type Controllers, controllersOf, firstControllers } from "./fronts.ts";
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
    /** Another seed, other players: the world would take the same story told twice for a repeat. */
    seed: { type: "string", default: `${Date.now()}` },
  },
});

const { realm } = values;
const signal = untilSignal();
const ruleset = await loadRuleset(values.ruleset);
let controllers: Controllers = firstControllers(ruleset);
const feed =
  values.feed === undefined
    ? undefined
    : new FeedClient({
        url: values.feed,
        realm,
        changed: ({ state }) => {
          controllers = controllersOf(state.territories);
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
  const story = tellStory({
    seed: Number(values.seed),
    realm,
    ruleset,
    startMs,
    perHour: Math.round(Number(values["per-second"]) * 3_600),
    actMs: Number(values["act-seconds"]) * 1_000,
    restingBp: Number(values["resting-bp"]),
    mishapsBp: 200,
    controllers: () => controllers,
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
  for (const { atMs, msgId, text } of story) {
    const earlyMs = startMs + atMs - Date.now();
    if (earlyMs > 0) await pause(earlyMs, signal);
    if (signal.aborted) return;
    yield { msgId, data: text };
  }
}
