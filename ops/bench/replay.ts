/** `npm run bench -- replay`: replayed events/s against a bare consume-and-parse of the same stream. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { type Bus, openBus } from "../../shared/stream/bus.ts";
import { bodiesOf } from "../../shared/stream/codec.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { commandMsgId, eventsStream, subjects } from "../../shared/stream/subjects.ts";
import { movingSubjects } from "../../simulator/advance.ts";
import { startProvisioning, startTestNats } from "../testing/nats.ts";
import { startStage } from "../testing/stages.ts";
import { median } from "../tools/median.ts";
import { replay } from "../tools/replay/replay.ts";
import { rateOf } from "./measure.ts";
import { fill } from "./traffic.ts";

const REALM = "bench";

export type ReplayOptions = { events: number; rounds: number; say: (line: string) => void };

/** Records a realm with the real stages, then replays and bare-reads it in turn. */
export async function benchReplay({ events, rounds, say }: ReplayOptions) {
  const dir = await mkdtemp(join(tmpdir(), "amoisekai-bench-"));
  const nats = await startTestNats({ dir, syncAlways: false });
  const bus = await openBus({ natsUrl: nats.url, name: "bench" });
  startProvisioning(bus);
  try {
    await record(bus, nats.url, events);
    const ratios: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const bare = await bareRate(bus);
      const replayed = await replay(bus, REALM);
      if (replayed.problems.length > 0) throw new Error(replayed.problems.join("; "));
      const rate = replayed.events / replayed.seconds;
      ratios.push(rate / bare);
      say(
        `round ${round}: consume and parse ${Math.round(bare).toLocaleString("en-US")}/s, ` +
          `replay and verify ${Math.round(rate).toLocaleString("en-US")}/s`,
      );
    }
    const ratio = median(ratios);
    say(`replay / consume and parse           ${ratio.toFixed(2)} (target 0.5)`);
    return { ratio };
  } finally {
    await bus.close();
    await nats.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Runs the stages over a filled RAW, with a manual tick at the end; answers how many events a second they moved. */
export async function record(bus: Bus, url: string, events: number): Promise<number> {
  const ruleset = await loadRuleset("amoi-1");
  await provisionRealm(bus, { realm: REALM, name: "Bench", ruleset, replicas: 1, rawMaxBytes: 2 ** 32 });
  const accepted = await fill(bus, subjects.rawCandidate(REALM), REALM, events);
  const command = {
    v: 1,
    idempotency_key: "bench-tick",
    realm_id: REALM,
    kind: "tick.run",
    actor: { type: "system", id: "bench" },
    payload: {},
  } as const;
  await publishOne(bus, {
    subject: subjects.rawCommand(REALM),
    data: JSON.stringify(command),
    msgId: commandMsgId(command.actor, command.idempotency_key),
  });
  const env = { NATS_URL: url };
  const simulator = await startStage("simulator/main.ts", "SIMULATOR_PORT", env);
  const normalizer = await startStage("normalizer/main.ts", "NORMALIZER_PORT", env);
  const ingest = await startStage("ingest/main.ts", "INGEST_PORT", env);
  try {
    return await rateOf(accepted + 1, async () => {
      const folded = await simulator.metric("amoi_folded_events_total");
      return folded + (await simulator.metric("amoi_tick"));
    });
  } finally {
    for (const stage of [ingest, normalizer, simulator]) await stage.stop();
  }
}

/** Events a second of a reader that only parses. */
async function bareRate(bus: Bus): Promise<number> {
  const stream = eventsStream(REALM);
  const { created, lastSeq } = await streamEnds(bus, stream);
  const names = [...movingSubjects(REALM), subjects.position("normalizer", REALM)];
  const reader = new Reader(bus, { stream, subjects: names, created, from: 1 });
  const signal = new AbortController().signal;
  const startedMs = performance.now();
  let events = 0;
  for (let read = 0; read < lastSeq; ) {
    for (const message of await reader.take(1_000, signal)) {
      read = message.seq;
      if (message.subject === subjects.accepted(REALM)) events += bodiesOf(message.data).length;
    }
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await reader.close();
  return events / seconds;
}
