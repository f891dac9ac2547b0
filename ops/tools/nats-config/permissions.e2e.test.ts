/**
 * Who reaches what on a real server: every user tries every subject, and after each try the last sequence of every stream is held
 * against the one before. What is expected is written down here by hand, not made from `shared/stream/access.ts`.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Announcement } from "../../../shared/stage/ownership.ts";
import { type Bus, openBus } from "../../../shared/stream/bus.ts";
import { Consumer } from "../../../shared/stream/consumer.ts";
import { connecting } from "../../../shared/stream/nats-connection.ts";
import { publishBatch, REFUSED } from "../../../shared/stream/publish.ts";
import { MAX_OPEN_BATCHES } from "../../../shared/stream/topology.ts";
import { type TestNats, testNats, urlOf } from "../../testing/nats.ts";
import { testRealm, until } from "../../testing/realm.ts";

const REALMS = ["r1", "r2"];

/** Every subject that ends in a stream, for a realm. */
const subjectsOf = (realm: string) => [
  `impact.raw.${realm}`,
  `command.raw.${realm}`,
  `command.player.${realm}`,
  `impact.valid.${realm}`,
  `impact.rejected.${realm}`,
  `command.valid.${realm}`,
  `position.ingest.${realm}`,
  `events.accepted.${realm}`,
  `events.quarantined.${realm}`,
  `events.rejected.${realm}`,
  `events.command.${realm}`,
  `events.handover.${realm}`,
  `events.tick.${realm}`,
  `position.normalizer.${realm}`,
  `world.tick.${realm}`,
  `world.delta.${realm}`,
  `world.notices.${realm}`,
  `world.commands.${realm}`,
  `world.snapshot.${realm}`,
  `position.simulator.${realm}`,
  `$KV.caps.${realm}.u.ada`,
  `$KV.world.${realm}`,
  `$KV.world.${realm}.forecast`,
  `$KV.rulesets.${realm}.1`,
  `$KV.realms.${realm}`,
];
const STAGES = ["ingest", "normalizer", "simulator", "archive", "broadcaster", "provision"];
const ALL = [...REALMS.flatMap(subjectsOf), ...STAGES.map((stage) => `$KV.workers.${stage}.x`)];
/** What an answer is sent to: every kind of subject, and of the other realm where it makes a difference. */
const TARGETS = ALL.filter((subject) => !/\.r2(\.|$)/.test(subject));
const targetsOf = (user: string) => (user === "story" || user === "bard" ? ALL : TARGETS);
const inRealms = (...names: string[]) =>
  names.flatMap((name) => REALMS.map((realm) => name.replace("R", realm)));

/** What each user may write: the table of ARCHITECTURE.md. */
const WRITES: Record<string, string[]> = {
  provision: ALL,
  ingest: [
    ...inRealms("impact.raw.R", "command.raw.R", "command.player.R"),
    ...inRealms("impact.valid.R", "impact.rejected.R", "command.valid.R", "position.ingest.R"),
    "$KV.workers.ingest.x",
  ],
  normalizer: [
    ...inRealms("events.accepted.R", "events.quarantined.R", "events.rejected.R", "events.command.R"),
    ...inRealms("position.normalizer.R", "$KV.caps.R.u.ada"),
    "$KV.workers.normalizer.x",
  ],
  simulator: [
    ...inRealms(
      "events.handover.R",
      "events.tick.R",
      "world.tick.R",
      "world.delta.R",
      "world.notices.R",
      "world.commands.R",
      "world.snapshot.R",
    ),
    ...inRealms("position.simulator.R", "command.raw.R", "$KV.world.R", "$KV.world.R.forecast"),
    "$KV.workers.simulator.x",
  ],
  broadcaster: ["$KV.workers.broadcaster.x"],
  archive: ["$KV.workers.archive.x"],
  operator: [],
  story: inRealms("impact.raw.R", "command.player.R"),
  // A story engine of the first realm alone.
  bard: ["impact.raw.r1", "command.player.r1"],
};
const USERS = Object.keys(WRITES);
const WORLD_USERS = ["ingest", "normalizer", "simulator"];
const OUTSIDERS = ["broadcaster", "archive", "operator", "story", "bard"];
const READERS = ["broadcaster", "archive", "operator"];

let nats: TestNats;
let bus: Bus;
const connections = new Map<string, NatsConnection>();
const as = (user: string) => connections.get(user)!;

beforeAll(async () => {
  nats = await testNats();
  bus = nats.bus;
  for (const realm of REALMS) await testRealm(bus, realm);
  for (const user of USERS)
    connections.set(user, await connect(connecting({ natsUrl: urlOf(nats.url, user) }).options));
});
afterAll(async () => {
  for (const connection of connections.values()) await connection.close();
  await nats?.close();
});

type Listed = { config: { name: string }; created: string; state: { last_seq: number; first_seq: number } };

async function streams(): Promise<Listed[]> {
  const answer = (await bus.nc.request("$JS.API.STREAM.LIST", "")).json<{ streams: Listed[] }>();
  return answer.streams.sort((a, b) => (a.config.name < b.config.name ? -1 : 1));
}
const ends = async () =>
  new Map((await streams()).map(({ config, state }) => [config.name, state.last_seq] as const));

/** Streams that grow while `act` is under way, or within the time that an answer takes to come round. */
async function grown(act: () => unknown, waitMs: number): Promise<string[]> {
  const before = await ends();
  await act();
  await delay(waitMs);
  const after = await ends();
  return [...after].flatMap(([name, seq]) => (seq === before.get(name) ? [] : [name]));
}

/** Publishes, and waits until the server has seen it. */
async function say(user: string, subject: string, data = "{}", reply?: string): Promise<void> {
  as(user).publish(subject, data, reply === undefined ? {} : { reply });
  await as(user).flush();
}

/** Enough for an answer of JetStream to be stored somewhere: it takes a millisecond. What comes later, the next try sees. */
const SETTLE_MS = 4;

const streamOf = (subject: string): string => {
  if (subject.startsWith("$KV.")) return `KV_${subject.split(".")[1]}`;
  const [first, second] = subject.split(".") as [string, string];
  const realm = subject.split(".").at(-1)!;
  if (first === "position")
    return `${{ ingest: "VALID", normalizer: "EVENTS", simulator: "WORLD" }[second]}_${realm}`;
  if (first === "impact" || first === "command")
    return `${second === "raw" || second === "player" ? "RAW" : "VALID"}_${realm}`;
  return `${first === "events" ? "EVENTS" : "WORLD"}_${realm}`;
};

test.each(USERS)(
  "%s writes what the table says and nothing else",
  async (user) => {
    const written: string[] = [];
    for (const subject of ALL) {
      const moved = await grown(() => say(user, subject), SETTLE_MS);
      if (moved.length === 0) continue;
      expect(moved, subject).toEqual([streamOf(subject)]);
      written.push(subject);
    }
    expect(written.sort()).toEqual(WRITES[user]!.toSorted());
  },
  60_000,
);

/** Everything that makes the server answer, by what an outsider may ask. */
const QUESTIONS: Record<string, [subject: string, data: string][]> = {
  story: [
    ["impact.raw.r1", "{}"],
    ["command.player.r1", "{}"],
    ["world.context.r1", "{}"],
    ["world.check.r1", "{}"],
  ],
  bard: [
    ["impact.raw.r1", "{}"],
    ["command.player.r1", "{}"],
  ],
};
const asks = (api: string, own?: string): [string, string][] => [
  [`${api}.STREAM.INFO.WORLD_r1`, ""],
  [`${api}.STREAM.MSG.GET.RAW_r1`, '{"seq":1}'],
  [`${api}.CONSUMER.CREATE.RAW_r1.x-made`, consumer("RAW_r1", "x-made", {})],
  [`${api}.CONSUMER.INFO.RAW_r1.x-made`, ""],
  [`${api}.CONSUMER.MSG.NEXT.RAW_r1.x-made`, '{"batch":1,"no_wait":true}'],
  [`${api}.CONSUMER.DELETE.RAW_r1.none`, ""],
  ...(own === undefined ? [] : ([[own, "{}"]] as [string, string][])),
];

/** A request for a consumer that only reads, with what somebody would like to have besides. */
const consumer = (stream: string, name: string, besides: object) =>
  JSON.stringify({
    stream_name: stream,
    config: { name, ack_policy: "none", deliver_policy: "all", inactive_threshold: 60e9, ...besides },
  });

for (const reader of READERS)
  QUESTIONS[reader] = [
    ...asks("JS.world.API", reader === "operator" ? undefined : `$KV.workers.${reader}.x`),
    ...(reader === "operator"
      ? ([
          ["JS.world.API.STREAM.LIST", ""],
          ["JS.world.API.STREAM.NAMES", ""],
        ] as [string, string][])
      : ([["provision.bucket", '{"bucket":"workers"}']] as [string, string][])),
  ];

test.each(OUTSIDERS)(
  "no answer to a question of %s is stored in a stream that the answer's subject names",
  async (user) => {
    for (const [question, data] of QUESTIONS[user]!) {
      const own = WRITES[user]!.includes(question) ? [streamOf(question)] : [];
      for (const reply of targetsOf(user)) {
        const moved = await grown(() => say(user, question, data, reply), SETTLE_MS);
        expect(moved, `${question} with the reply subject ${reply}`).toEqual(own);
      }
    }
  },
  120_000,
);

test.each(WORLD_USERS)(
  "what %s can still reach by naming an answer's subject: every stream",
  async (user) => {
    const reached = new Set<string>();
    const questions: [string, string][] = [
      ...asks("$JS.API", `$KV.workers.${user}.x`),
      ["provision.bucket", '{"bucket":"caps"}'],
    ];
    for (const [question, data] of questions)
      for (const reply of targetsOf(user))
        for (const stream of await grown(() => say(user, question, data, reply), SETTLE_MS))
          if (streamOf(reply) === stream) reached.add(stream);
    expect([...reached].sort()).toEqual([...new Set(TARGETS.map(streamOf))].sort());
  },
  120_000,
);

/** Settings of a consumer that write, or stay. */
const WRITING_SETTINGS: Record<string, object> = {
  "a stream's subject to deliver to": { deliver_subject: "impact.raw.r2" },
  "a wildcard stream's subject to deliver to": { deliver_subject: "events.accepted.r1" },
  "a key of a bucket to deliver to": { deliver_subject: "$KV.workers.simulator.x" },
  "a request to deliver to": { deliver_subject: "provision.realm" },
  "the server's API to deliver to": { deliver_subject: "$JS.API.STREAM.PURGE.RAW_r1" },
  "a name that lasts": { durable_name: "stays" },
  "no end": { inactive_threshold: 3_600e9 },
  "an end at once": { inactive_threshold: 1 },
  "a heartbeat of a microsecond": { idle_heartbeat: 1_000 },
  "as many copies as it likes": { backoff: [1, 1], max_deliver: 1_000_000 },
  "acknowledgements to be kept": { ack_policy: "explicit" },
  "many servers": { num_replicas: 3 },
  "a group to deliver to": { deliver_group: "g" },
  "settings that nobody knows": { surprise: true },
};

test.each(READERS)("%s gets no consumer that writes, or stays", async (user) => {
  for (const [what, settings] of Object.entries(WRITING_SETTINGS)) {
    const name = `x-made-by-${user}`;
    const moved = await grown(async () => {
      const request = consumer("RAW_r1", name, settings);
      const answer = await as(user).request(`JS.world.API.CONSUMER.CREATE.RAW_r1.${name}`, request);
      expect(answer.json<{ error?: { code: number } }>().error?.code, what).toBe(403);
    }, 30);
    expect(moved, what).toEqual([]);
  }
  const consumers = await bus.nc.request("$JS.API.CONSUMER.NAMES.RAW_r1", "");
  expect(consumers.json<{ consumers: string[] }>().consumers).not.toContain(`x-made-by-${user}`);
});

test("what a stage can still reach with a consumer that delivers somewhere: a stream that listens there by its full name", async () => {
  const moved = await grown(async () => {
    const request = consumer("RAW_r1", "pushes", { deliver_subject: "impact.raw.r2" });
    await as("normalizer").request("$JS.API.CONSUMER.CREATE.RAW_r1.pushes", request);
  }, 100);
  expect(moved).toEqual(["RAW_r2"]);
});

/** What changes streams, consumers or servers, below JetStream's API. */
const ADMINISTRATION = [
  "STREAM.CREATE.RAW_r3",
  "STREAM.UPDATE.RAW_r1",
  "STREAM.DELETE.RAW_r1",
  "STREAM.PURGE.RAW_r1",
  "STREAM.MSG.DELETE.RAW_r1",
  "STREAM.SNAPSHOT.RAW_r1",
  "STREAM.RESTORE.RAW_r3",
  "STREAM.LEADER.STEPDOWN.RAW_r1",
  "STREAM.PEER.REMOVE.RAW_r1",
  "CONSUMER.LIST.RAW_r1",
  "CONSUMER.NAMES.RAW_r1",
  "CONSUMER.DURABLE.CREATE.RAW_r1.stays",
  "CONSUMER.PAUSE.RAW_r1.made",
  "CONSUMER.RESET.RAW_r1.made",
  "CONSUMER.UNPIN.RAW_r1.made",
  "CONSUMER.LEADER.STEPDOWN.RAW_r1.made",
  "META.LEADER.STEPDOWN",
  "SERVER.REMOVE",
  "ACCOUNT.PURGE.WORLD",
  "ACCOUNT.STREAM.MOVE.WORLD.RAW_r1",
  "DIRECT.GET.RAW_r1",
  "INFO",
  "STREAM.TEMPLATE.CREATE.t",
];
const BODIES: Record<string, object> = {
  "STREAM.CREATE.RAW_r3": { name: "RAW_r3", subjects: ["impact.raw.r3"], sources: [{ name: "RAW_r1" }] },
  "STREAM.UPDATE.RAW_r1": { name: "RAW_r1", republish: { src: ">", dest: "events.accepted.r1" } },
  "STREAM.MSG.DELETE.RAW_r1": { seq: 1 },
  "CONSUMER.DURABLE.CREATE.RAW_r1.stays": { stream_name: "RAW_r1", config: { durable_name: "stays" } },
};
const ELSEWHERE = [
  "$JS.ACK.RAW_r1.made.1.1.1.1.0",
  "$SYS.REQ.SERVER.PING",
  "$SYS.REQ.ACCOUNT.WORLD.JSZ",
  "provision.realm",
];

test.each(USERS.filter((user) => user !== "provision"))(
  "%s administers nothing and asks no other server",
  async (user) => {
    const state = async () =>
      (await streams()).map(({ config, created, state: { last_seq, first_seq } }) => ({
        config,
        created,
        last_seq,
        first_seq,
      }));
    const before = await state();
    const refused: string[] = [];
    const watching = (async () => {
      for await (const status of as(user).status())
        if (status.type === "error")
          refused.push(/Publish to "([^"]+)"/.exec(status.error.message)?.[1] ?? "");
    })();
    void watching;
    const tried = [
      ...["$JS.API", "JS.world.API"].flatMap((api) => ADMINISTRATION.map((path) => `${api}.${path}`)),
      ...ELSEWHERE.filter((subject) => !(user === "ingest" && subject === "provision.realm")),
    ];
    for (const subject of tried) {
      const body = BODIES[subject.replace(/^\$?JS\.(world\.)?API\./, "")] ?? {};
      await say(user, subject, JSON.stringify(body), "_INBOX.nobody");
    }
    await delay(50);
    expect(await state()).toEqual(before);
    expect(refused.sort()).toEqual(tried.sort());
  },
);

/** Subjects that somebody would like to listen to, and who may. */
const LISTENS: Record<string, string[]> = {
  ">": ["provision"],
  "*.*.*": ["provision"],
  "$JS.>": ["provision"],
  "$SYS.>": ["provision"],
  "_R_.>": ["provision"],
  "impact.raw.*": ["provision"],
  "events.accepted.r1": ["provision"],
  "world.snapshot.r1": ["provision"],
  "$KV.>": ["provision"],
  "provision.>": ["provision"],
  "_INBOX.>": ["provision", "operator", "story"],
  "world.pulse.*": ["provision", "broadcaster", "operator"],
  "world.context.*": ["provision", "broadcaster"],
  "world.check.r1": ["provision", "broadcaster"],
  ...Object.fromEntries(USERS.map((user) => [`_INBOX_${user}.>`, [...new Set(["provision", user])]])),
};

test.each(USERS)("%s hears what the table says, and no other's answers", async (user) => {
  const heard: string[] = [];
  for (const [subject, users] of Object.entries(LISTENS)) {
    let refused = false;
    const subscription = as(user).subscribe(subject, {
      callback: (error) => {
        if (error !== null) refused = true;
      },
    });
    await as(user).flush();
    await delay(1);
    subscription.unsubscribe();
    if (!refused) heard.push(subject);
    expect(!refused, subject).toBe(users.includes(user));
  }
  expect(heard.length).toBeGreaterThan(0);
});

test("an announcement can't take those of others along", async () => {
  await say("provision", "$KV.workers.archive.other", "{}");
  await say("provision", "$KV.workers.broadcaster.x", "{}");
  for (const rollup of ["all", "sub"]) {
    const h = headers();
    h.set("Nats-Rollup", rollup);
    as("broadcaster").publish("$KV.workers.broadcaster.x", "{}", { headers: h });
    await as("broadcaster").flush();
  }
  const { state } = await bus.jsm.streams.info("KV_workers", { subjects_filter: ">" });
  expect(Object.keys(state.subjects ?? {})).toContain("$KV.workers.archive.other");
});

/** What a stage commits with its position is rolled up and comes in batches; RAW's batches are the gateway's. */
const ROLLED_UP = ["VALID_r1", "EVENTS_r1", "WORLD_r1", "KV_caps"];
const BATCHED = [...ROLLED_UP, "RAW_r1"];

test("where nothing is rolled up a rollup is refused, and where nothing comes in batches a batch is", async () => {
  const others = ["KV_world", "KV_rulesets", "KV_realms", "KV_workers"];
  for (const stream of [...BATCHED, ...others]) {
    const subject = ALL.find((one) => streamOf(one) === stream)!;
    const { config, state } = await bus.jsm.streams.info(stream);
    expect([stream, config.allow_rollup_hdrs, config.allow_atomic ?? false]).toEqual([
      stream,
      ROLLED_UP.includes(stream),
      BATCHED.includes(stream),
    ]);
    for (const [header, value, isAllowed] of [
      ["Nats-Rollup", "all", ROLLED_UP.includes(stream)],
      ["Nats-Batch-Id", "open", BATCHED.includes(stream)],
    ] as const) {
      if (isAllowed) continue;
      const h = headers();
      h.set(header, value);
      if (header === "Nats-Batch-Id") h.set("Nats-Batch-Sequence", "1");
      const answer = (await bus.nc.request(subject, "{}", { headers: h, timeout: 2_000 })).json<{
        error?: object;
      }>();
      expect(answer.error, `${stream} ${header}`).toBeDefined();
      expect((await bus.jsm.streams.info(stream)).state.last_seq).toBe(state.last_seq);
    }
  }
});

test("a story engine's messages have a limit below the servers' own, which its client knows", async () => {
  expect(as("story").info?.max_payload).toBe(96 * 1024);
  const tooLong = "x".repeat(96 * 1024 + 1);
  expect(() => as("story").publish("impact.raw.r2", tooLong)).toThrow(/max_payload/);
});

test("so many batches may a story engine leave open on a stream, and no more", async () => {
  const open = async (n: number) => {
    const h = headers();
    h.set("Nats-Batch-Id", `left-${n}`);
    h.set("Nats-Batch-Sequence", "1");
    const answer = await as("story").request("impact.raw.r2", "{}", { headers: h, timeout: 2_000 });
    return answer.data.length === 0 ? 0 : answer.json<{ error: { err_code: number } }>().error.err_code;
  };
  const answers: number[] = [];
  for (let n = 0; n < MAX_OPEN_BATCHES + 4; n++) answers.push(await open(n));
  expect(answers.filter((code) => code === 0)).toHaveLength(MAX_OPEN_BATCHES);
  expect(answers.slice(MAX_OPEN_BATCHES)).toEqual(Array(4).fill(REFUSED.tooManyBatches));
});

test("what the announcers may write has a bound and an end, whatever they say", async () => {
  const { config } = await bus.jsm.streams.info("KV_workers");
  expect(config.max_bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(config.max_age).toBeLessThanOrEqual(600e9);
  const before = (await ends()).get("KV_workers");
  await say("broadcaster", "$KV.workers.broadcaster.huge", "x".repeat(5_000));
  await delay(20);
  expect((await ends()).get("KV_workers")).toBe(before);
});

test("readers' consumers leave a stream's last ones to the stages", async () => {
  const create = (api: string, user: string, name: string) =>
    as(user).request(
      `${api}.CONSUMER.CREATE.VALID_r1.${name}`,
      consumer("VALID_r1", name, { mem_storage: true }),
    );
  for (let made = 0; made < 500; made += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => create("JS.world.API", "archive", `x-many-${made + i}`)),
    );
  const refused = await create("JS.world.API", "archive", "x-one-more");
  expect(refused.json<{ error?: object }>().error).toMatchObject({ code: 403, err_code: 10_026 });
  expect((await create("$JS.API", "ingest", "a-stages")).json<{ name?: string }>().name).toBe("a-stages");
}, 30_000);

const nothing = () => {};
const openConsumer = (from: Bus, stream: string) =>
  Consumer.open(from, {
    stream,
    subjects: [">"],
    start: { seq: 1 },
    prefetch: 1,
    received: nothing,
    well: nothing,
    ended: nothing,
  });
const namesOf = async (stream: string) =>
  (await bus.nc.request(`$JS.API.CONSUMER.NAMES.${stream}`, "")).json<{ consumers: string[] }>().consumers;
/** What two names have in common at their ends that show, and by which a counter gives itself away. */
const commonStart = (a: string, b: string) => [...a].findIndex((letter, i) => letter !== b[i]);

test("nothing that a reader can read says what a stage's consumer is called, or the next one", async () => {
  const stage = await openBus({ natsUrl: urlOf(nats.url, "ingest"), name: "test" });
  const consumers = [await openConsumer(stage, "RAW_r2"), await openConsumer(stage, "RAW_r2")];
  const worker = new Announcement(stage, "ingest", 60, { port: 0 });
  await publishBatch(stage, [
    { subject: "impact.valid.r2", data: "{}" },
    { subject: "impact.valid.r2", data: "{}" },
  ]);
  const stored = (await bus.jsm.streams.getMessage("VALID_r2", { last_by_subj: "impact.valid.r2" }))!;
  const names = await namesOf("RAW_r2");
  const random = [...names.map((name) => name.slice(2)), worker.id.slice("ingest-".length)];
  random.push(stored.header.get("Nats-Batch-Id"));
  expect(names).toHaveLength(2);
  for (const name of names) expect(name).toMatch(/^r-/);
  for (const [i, one] of random.entries()) {
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    for (const other of random.slice(i + 1)) expect(commonStart(one, other)).toBeLessThan(10);
  }
  for (const consumer of consumers) consumer.close();
  await stage.close();
});

test.each(READERS)("%s takes no name that a stage's consumer might want", async (user) => {
  for (const name of ["r-1", `r-${"0".repeat(32)}`, "X-1", "x"]) {
    const request = consumer("VALID_r2", name, {});
    const answer = await as(user).request(`JS.world.API.CONSUMER.CREATE.VALID_r2.${name}`, request);
    expect(answer.json<{ error?: { code: number } }>().error?.code, name).toBe(403);
  }
  expect(await namesOf("VALID_r2")).toEqual([]);
  const reader = await openBus({ natsUrl: urlOf(nats.url, user), name: "test" });
  const own = await openConsumer(reader, "VALID_r2");
  expect(await namesOf("VALID_r2")).toEqual([expect.stringMatching(/^x-[0-9a-f]{32}$/)]);
  own.close();
  await reader.close();
  expect(await namesOf("VALID_r2")).toEqual([]);
});

test.each(READERS)(
  "%s does nothing with a consumer of the memory of players, whose name it knows",
  async (user) => {
    await say("normalizer", "$KV.caps.r1.u.ada");
    const request = consumer("KV_caps", "known", { mem_storage: true });
    await as("normalizer").request("$JS.API.CONSUMER.CREATE.KV_caps.known", request);
    const heard: string[] = [];
    const inbox = `_INBOX_${user}.known`;
    const subscription = as(user).subscribe(inbox, {
      callback: (_, { subject }) => void heard.push(subject),
    });
    for (const path of ["INFO", "MSG.NEXT", "DELETE"])
      await say(user, `JS.world.API.CONSUMER.${path}.KV_caps.known`, path === "MSG.NEXT" ? "1" : "", inbox);
    await delay(50);
    subscription.unsubscribe();
    expect(heard).toEqual([]);
    expect(await namesOf("KV_caps")).toContain("known");
  },
);

test("a reader reads every stream and the buckets but the normalizer's memory of players", async () => {
  for (const user of READERS) {
    const read = await openBus({ natsUrl: urlOf(nats.url, user), name: "test" });
    const { streams: api } = read.jsm;
    for (const stream of ["RAW_r1", "VALID_r1", "EVENTS_r1", "WORLD_r1", "KV_world", "KV_realms"])
      expect((await api.info(stream)).config.name, stream).toBe(stream);
    expect((await api.getMessage("EVENTS_r1", { seq: 1 }))?.subject).toBe("events.command.r1");
    await expect(api.info("KV_caps")).rejects.toThrow();
    await expect(api.getMessage("KV_caps", { last_by_subj: "$KV.caps.r1.u.ada" })).rejects.toThrow();
    await read.close();
  }
}, 30_000);

test("one connection of a story engine takes so many subscriptions, and the server's memory with them", async () => {
  const nc = await connect(connecting({ natsUrl: urlOf(nats.url, "story") }).options);
  const refused: string[] = [];
  void (async () => {
    for await (const status of nc.status()) if (status.type === "error") refused.push(status.error.message);
  })();
  for (let n = 0; n < 1_001; n++) nc.subscribe(`_INBOX_story.${n}`, { callback: () => {} });
  await until(async () => refused.some((message) => /maximum subscriptions/i.test(message)));
  await nc.close();
});
