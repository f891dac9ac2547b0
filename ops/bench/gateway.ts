/**
 * `npm run bench -- gateway`: candidates/s over HTTP that are on disk when they are acknowledged, one by one and in arrays,
 * against a server that does one plain durable publish per request into the same RAW stream, in the same run. Behind both
 * the ingest process works off what comes in. What HTTP can't change is measured too: the same number of callers straight on
 * JetStream, each with plain publishes of its own, and all in one atomic batch after the other.
 */

import { internalToken } from "../../shared/auth/bearers.ts";
import { readEnv } from "../../shared/process/env.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { publishBatch, publishOne } from "../../shared/stream/publish.ts";
import { rawStream, subjects } from "../../shared/stream/subjects.ts";
import { startStage } from "../testing/stages.ts";
import { median } from "../tools/median.ts";
import { startFloor } from "./http-floor.ts";
import { type Load, runLoad } from "./http-load.ts";
import { inScratch, perSecond, provision, REALM, withNats } from "./pipeline.ts";

const CONNECTIONS = 64;
const ARRAY_CONNECTIONS = 4;
const ARRAY_ITEMS = 100;

export type GatewayOptions = { seconds: number; rounds: number; say: (line: string) => void };

/** Prints each round, and the medians; answers the ratios. */
export async function benchGateway({ seconds, rounds, say }: GatewayOptions) {
  const singles: number[] = [];
  const arrays: number[] = [];
  const ceilings: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const { floor, single, array, ceiling } = await inScratch((dir) =>
      withNats(dir, (bus, url) => measure(bus, url, seconds)),
    );
    singles.push(single / floor);
    arrays.push(array / floor);
    ceilings.push(ceiling);
    say(
      `round ${round}: one publish per request ${perSecond(floor)}, gateway ${perSecond(single)}, ` +
        `in arrays of ${ARRAY_ITEMS} ${perSecond(array)}`,
    );
  }
  const [singleRatio, arrayRatio] = [median(singles), median(arrays)];
  say(
    `without HTTP, one batch of ${CONNECTIONS} / ${CONNECTIONS} publishes       ${median(ceilings).toFixed(2)}`,
  );
  say(`gateway, single posts / one publish per request    ${singleRatio.toFixed(2)} (target 3)`);
  say(`gateway, arrays of ${ARRAY_ITEMS} / one publish per request  ${arrayRatio.toFixed(2)} (target 3)`);
  return { singleRatio, arrayRatio };
}

async function measure(bus: Bus, url: string, seconds: number) {
  const token = internalToken(readEnv({}))!;
  await provision(bus);
  const ceiling = await withoutHttp(bus, seconds);
  const ingest = await startStage("ingest/main.ts", "INGEST_PORT", { NATS_URL: url, INTERNAL_TOKEN: token });
  const plain = await startFloor(url, subjects.rawCandidate(REALM));
  try {
    const load = { token, realm: REALM, connections: CONNECTIONS, items: 1, seconds };
    const floor = await acknowledgedRate(bus, { ...load, url: `http://127.0.0.1:${plain.port}/`, run: "f" });
    const gateway = { ...load, url: `http://127.0.0.1:${ingest.port}/internal/world/impact-candidate` };
    const single = await acknowledgedRate(bus, { ...gateway, run: "s" });
    const many = { connections: ARRAY_CONNECTIONS, items: ARRAY_ITEMS };
    const array = await acknowledgedRate(bus, { ...gateway, ...many, run: "a" });
    return { floor, single, array, ceiling };
  } finally {
    await plain.stop();
    await ingest.stop();
  }
}

/** How many times more messages JetStream takes in atomic batches, one after the other, than from as many plain publishers. */
async function withoutHttp(bus: Bus, seconds: number): Promise<number> {
  let n = 0;
  const next = () => ({
    subject: subjects.rawCandidate(REALM),
    data: "x".repeat(500),
    msgId: `without-${n++}`,
  });
  const rate = async (publishers: number, publish: () => Promise<number>): Promise<number> => {
    const startedMs = performance.now();
    let stored = 0;
    const publisher = async () => {
      while (performance.now() < startedMs + seconds * 1_000) {
        const more = await publish();
        stored += more;
      }
    };
    await Promise.all(Array.from({ length: publishers }, publisher));
    return (stored / (performance.now() - startedMs)) * 1_000;
  };
  const plain = await rate(CONNECTIONS, async () => {
    await publishOne(bus, next());
    return 1;
  });
  const batched = await rate(1, async () => {
    await publishBatch(bus, Array.from({ length: CONNECTIONS }, next));
    return CONNECTIONS;
  });
  return batched / plain;
}

/** What a load gets acknowledged, a second, all of it in RAW; a shorter one before it warms up. */
async function acknowledgedRate(bus: Bus, load: Load): Promise<number> {
  const stored = async () => (await bus.jsm.streams.info(rawStream(load.realm))).state.messages;
  await runLoad({ ...load, run: `${load.run}w`, seconds: 1 });
  const before = await stored();
  const { answered, seconds } = await runLoad(load);
  const added = (await stored()) - before;
  const acknowledged = answered * load.items;
  if (added < acknowledged) throw new Error(`of ${acknowledged} acknowledged only ${added} are stored`);
  return acknowledged / seconds;
}
