import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestNats, testNats } from "../../ops/testing/nats.ts";
import type { Position } from "../contracts/position.ts";
import { readEnv } from "../process/env.ts";
import { openLog } from "../process/log.ts";
import { metrics } from "../process/metrics.ts";
import { bodiesOf, MAX_BUNDLE_BODIES, textOf } from "../stream/codec.ts";
import { lastOf, streamEnds } from "../stream/last-message.ts";
import { publishBatch, publishOne } from "../stream/publish.ts";
import { subjects } from "../stream/subjects.ts";
import { realmTroubles } from "./realm-health.ts";
import type { Stage } from "./stage.ts";
import { StageRunner } from "./stage-runner.ts";

let nats: TestNats;
let realm = "";
let n = 0;
const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "ingest");

beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

/** The smallest stage: numbers every message, and remembers the last number, from its own output. */
type Counting = { realm: string; count: number };
const counting: Stage<Counting> = {
  name: "ingest",
  input: (of) => ({ stream: `IN_${of}`, subjects: [`in.${of}`] }),
  outputStream: (of) => `OUT_${of}`,
  async restore({ bus, realm: of }) {
    const last = await lastOf(bus, `OUT_${of}`, `out.${of}`);
    const count = last === undefined ? 0 : bodiesOf<{ count: number }>(last.data).at(-1)!.count;
    return { realm: of, count };
  },
  step(state, input, draft) {
    state.count++;
    draft.body(`out.${state.realm}`, JSON.stringify({ count: state.count, said: textOf(input.data) }));
    return true;
  },
};

beforeEach(async () => {
  realm = `r${++n}`;
  for (const [name, subject] of [
    [`IN_${realm}`, [`in.${realm}`]],
    [`OUT_${realm}`, [`out.${realm}`, subjects.position("ingest", realm)]],
  ] as const)
    await nats.bus.jsm.streams.add({
      name,
      subjects: [...subject],
      allow_atomic: true,
      allow_rollup_hdrs: true,
      allow_direct: false,
    });
  await setPosition({ through: 0 });
});

async function setPosition(change: Partial<Position>): Promise<void> {
  const { created } = await streamEnds(nats.bus, `IN_${realm}`);
  const position: Position = {
    through: 0,
    input_created: created,
    worker: "test",
    commit_id: "zero",
    ...change,
  };
  const subject = subjects.position("ingest", realm);
  await publishOne(nats.bus, { subject, data: JSON.stringify(position), rollup: true });
}

const send = (...texts: string[]) =>
  publishBatch(
    nats.bus,
    texts.map((data) => ({ subject: `in.${realm}`, data })),
  );

const run = (worker: string, stage = counting) => {
  const stop = new AbortController();
  const done = new StageRunner(stage, nats.bus, realm, worker, log).run(stop.signal);
  return {
    stop: async () => {
      stop.abort();
      await done;
    },
  };
};

/** Everything the stage has written, in order. */
async function written(): Promise<{ count: number; said: string }[]> {
  const { lastSeq } = await streamEnds(nats.bus, `OUT_${realm}`);
  const bodies: { count: number; said: string }[] = [];
  for (let seq = 1; seq <= lastSeq; seq++) {
    const message = await nats.bus.jsm.streams.getMessage(`OUT_${realm}`, { seq }).catch(() => null);
    if (message?.subject === `out.${realm}`)
      bodies.push(...bodiesOf<{ count: number; said: string }>(message.data));
  }
  return bodies;
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await ready()) return;
    await delay(20);
  }
  throw new Error("did not happen");
}

const refused = async () => {
  const values = (await metrics.refused.get()).values;
  return values.some((value) => value.labels.realm === realm && value.value === 1);
};

test("every input comes out once, in order, with the position in the same commit", async () => {
  await send("a", "b", "c");
  const stage = run("one");
  await until(async () => (await written()).length === 3);
  await send("d");
  await until(async () => (await written()).length === 4);
  await stage.stop();
  expect((await written()).map(({ count, said }) => `${count}${said}`)).toEqual(["1a", "2b", "3c", "4d"]);
  const position = JSON.parse(
    (await lastOf(nats.bus, `OUT_${realm}`, subjects.position("ingest", realm)))!.text(),
  );
  expect(position).toMatchObject({ through: 4, worker: "one" });
});

test("bundles that wait together and write two messages for each body come out whole", async () => {
  const subject = `out.${realm}`;
  const talkative: Stage<Counting> = {
    ...counting,
    step(state, input, draft) {
      for (let body = 0; body < MAX_BUNDLE_BODIES; body++)
        for (const to of [subject, `${subject}.too`])
          draft.body(to, JSON.stringify({ count: ++state.count, said: textOf(input.data) }));
      return true;
    },
  };
  const stream = await nats.bus.jsm.streams.info(`OUT_${realm}`);
  const subjectsToo = [...stream.config.subjects!, `${subject}.too`];
  await nats.bus.jsm.streams.update(`OUT_${realm}`, { subjects: subjectsToo });
  const bundles = Array.from({ length: 60 }, (_, bundle) => `${bundle}`);
  await send(...bundles);
  const stage = run("one", talkative);
  await until(async () => (await streamEnds(nats.bus, `OUT_${realm}`)).lastSeq > 60 * 2 * MAX_BUNDLE_BODIES);
  await stage.stop();
  const said = (await written()).map((body) => body.said);
  expect(said).toEqual(bundles.flatMap((bundle) => Array.from({ length: MAX_BUNDLE_BODIES }, () => bundle)));
}, 30_000);

const lagOf = async (gauge: typeof metrics.lag) =>
  (await gauge.get()).values.find(({ labels }) => labels.realm === realm)?.value;

test("a stage that can't open a consumer stands still as soon as something waits, says where, and goes on when it can", async () => {
  const input = `IN_${realm}`;
  await nats.bus.jsm.streams.delete(input);
  await nats.bus.jsm.streams.add({
    name: input,
    subjects: [`in.${realm}`],
    allow_atomic: true,
    max_consumers: 1,
  });
  await setPosition({ through: 0 });
  await nats.bus.jsm.consumers.add(input, { name: "the-only-one", durable_name: "the-only-one" });
  const trouble = () => realmTroubles(2_500).find((one) => one.realm === realm);
  const stage = run("one");
  await delay(4_000);
  expect(trouble()).toBeUndefined();
  await send("a", "b", "c");
  await until(async () => trouble() !== undefined);
  expect(trouble()).toMatchObject({ kind: "stalled", stage: "ingest", stream: input, seq: 1 });
  expect(trouble()!.reason).toContain(`3 messages of ${input} wait from sequence 1 on`);
  await until(async () => (await lagOf(metrics.lag)) === 3);
  expect(await lagOf(metrics.lagSeconds)).toBeGreaterThan(1);
  await nats.bus.jsm.consumers.delete(input, "the-only-one");
  await until(async () => (await written()).length === 3);
  await until(async () => trouble() === undefined);
  await stage.stop();
  expect((await written()).map(({ said }) => said)).toEqual(["a", "b", "c"]);
  expect(await lagOf(metrics.lag)).toBeUndefined();
  expect(await lagOf(metrics.lagSeconds)).toBeUndefined();
}, 30_000);

test("a stage whose restore doesn't end stands still, and its lag counts what comes meanwhile", async () => {
  const stop = new AbortController();
  const stuck: Stage<Counting> = {
    ...counting,
    restore: () =>
      new Promise<never>((_, reject) => {
        stop.signal.addEventListener("abort", () => reject(new Error("stopped")), { once: true });
      }),
  };
  const done = new StageRunner(stuck, nats.bus, realm, "one", log).run(stop.signal);
  await send("a", "b");
  await until(async () => (await lagOf(metrics.lag)) === 2);
  await until(async () => realmTroubles(1_000).some((one) => one.realm === realm && one.seq === 1));
  expect(realmTroubles(1_000).find((one) => one.realm === realm)).toMatchObject({
    kind: "stalled",
    stream: `IN_${realm}`,
  });
  stop.abort();
  await done;
  expect(realmTroubles(0).some((one) => one.realm === realm)).toBe(false);
  expect(await lagOf(metrics.lag)).toBeUndefined();
  const next = run("two");
  await until(async () => (await written()).length === 2);
  await next.stop();
}, 30_000);

test("two workers that both believe they own a realm lose nothing and double nothing", async () => {
  const [first, second] = [run("first"), run("second")];
  const wanted: string[] = [];
  for (let batch = 0; batch < 40; batch++) {
    const texts = Array.from({ length: 5 }, (_, i) => `${batch}.${i}`);
    wanted.push(...texts);
    await send(...texts);
    await delay(10);
  }
  await until(async () => (await written()).length >= wanted.length);
  await delay(300);
  await Promise.all([first.stop(), second.stop()]);
  const bodies = await written();
  expect(bodies.map(({ said }) => said)).toEqual(wanted);
  expect(bodies.map(({ count }) => count)).toEqual(wanted.map((_, i) => i + 1));
});

test("a realm without a position is refused, not started from nothing", async () => {
  await send("a");
  await nats.bus.jsm.streams.purge(`OUT_${realm}`);
  const stage = run("one");
  await until(refused);
  expect(await written()).toEqual([]);
  await stage.stop();
});

test("a realm whose input stream was made anew is refused", async () => {
  await setPosition({ input_created: "2020-01-01T00:00:00Z" });
  await send("a");
  const stage = run("one");
  await until(refused);
  expect(await written()).toEqual([]);
  await stage.stop();
});

test("a realm whose input ends before the position is refused", async () => {
  await send("a");
  await setPosition({ through: 9 });
  const stage = run("one");
  await until(refused);
  expect(await written()).toEqual([]);
  await stage.stop();
});

test("a realm whose input lost messages after the position is refused, since a consumer would jump ahead", async () => {
  await send("a", "b", "c");
  await nats.bus.jsm.streams.purge(`IN_${realm}`, { seq: 3 });
  const stage = run("one");
  await until(refused);
  expect(await written()).toEqual([]);
  await stage.stop();
});

test("a refused realm runs as soon as its streams agree again", async () => {
  await setPosition({ through: 9 });
  const stage = run("one");
  await until(refused);
  await setPosition({ through: 0 });
  await send("a");
  await until(async () => (await written()).length === 1);
  expect(await refused()).toBe(false);
  await stage.stop();
});

test("a NATS server that is killed and started again costs nothing but time", async () => {
  const own = await testNats({ syncAlways: true });
  const kept = nats;
  nats = own;
  try {
    for (const [name, subject] of [
      [`IN_${realm}`, [`in.${realm}`]],
      [`OUT_${realm}`, [`out.${realm}`, subjects.position("ingest", realm)]],
    ] as const)
      await own.bus.jsm.streams.add({
        name,
        subjects: [...subject],
        allow_atomic: true,
        allow_rollup_hdrs: true,
      });
    await setPosition({ through: 0 });
    const stage = run("one");
    await send("a", "b");
    await until(async () => (await written()).length === 2);
    await own.restart();
    await until(() =>
      send("c").then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await written().catch(() => [])).length >= 3);
    await stage.stop();
    expect((await written()).map(({ said }) => said)).toEqual(["a", "b", "c"]);
  } finally {
    nats = kept;
    await own.close();
  }
});
