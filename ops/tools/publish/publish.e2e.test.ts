import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bus, openBus } from "../../../shared/stream/bus.ts";
import { streamEnds } from "../../../shared/stream/last-message.ts";
import { rawStream, subjects } from "../../../shared/stream/subjects.ts";
import { realmStreams } from "../../../shared/stream/topology.ts";
import { type TestNats, testNats, urlOf, wireTo } from "../../testing/nats.ts";
import { candidate as right } from "../../testing/realm.ts";
import { type Outgoing, type PublicationResult, publishCandidates } from "./publish-candidates.ts";

const PUBLISH = fileURLToPath(new URL("./main.ts", import.meta.url));
let nats: TestNats;
let dir: string;
let made = 0;

beforeAll(async () => {
  nats = await testNats();
  dir = await mkdtemp(join(tmpdir(), "amoisekai-publish-"));
});
afterAll(async () => {
  await nats.close();
  await rm(dir, { recursive: true, force: true });
});

/** A realm of its own, with its RAW stream alone. */
async function newRealm(rawMaxBytes = 64 * 1024 * 1024): Promise<string> {
  const realm = `r${++made}`;
  await nats.bus.jsm.streams.add(realmStreams(realm, { replicas: 1, rawMaxBytes })[0]!);
  return realm;
}

const candidate = (realm: string, n: number, fields: object = {}) =>
  JSON.stringify({ ...right(realm), user_id: `u${n}`, idempotency_key: `key-${n}-0000`, ...fields });

async function fileOf(lines: string[]): Promise<string> {
  const file = join(dir, `${++made}.ndjson`);
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

/** Runs the command as a person would. */
async function publish(args: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [PUBLISH, ...args], {
    env: { PATH: process.env.PATH, NATS_URL: urlOf(nats.url, "story"), ...options.env },
  });
  child.stdin.end(options.input ?? "");
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

async function storedIn(realm: string): Promise<string[]> {
  const { lastSeq } = await streamEnds(nats.bus, rawStream(realm));
  const bodies: string[] = [];
  for (let seq = 1; seq <= lastSeq; seq++)
    bodies.push((await nats.bus.jsm.streams.getMessage(rawStream(realm), { seq }))!.string());
  return bodies;
}

test("what ingest would reject is not sent, so its key stays free; all lines are counted with their numbers", async () => {
  const realm = await newRealm();
  const lines = [
    candidate(realm, 1),
    candidate(realm, 2, { base_points: -5 }),
    "{not json",
    candidate(realm, 1),
    "",
    candidate(realm, 3, { user_id: "a b" }),
    candidate(realm, 4, { pad: "x".repeat(300 * 1024) }),
    candidate(realm, 5, { pad: "x".repeat(20 * 1024) }),
    '{"realm_id":"*"}',
    candidate(realm, 2),
    candidate(realm, 6, { realm_id: "elsewhere" }),
    candidate(realm, 7, { occurred_at: "2025-01-15T12:00:00Z" }),
    candidate(realm, 8, { power: 9_000 }),
  ];
  const { code, stdout, stderr } = await publish(["--realm", realm, await fileOf(lines)]);
  const [published, duplicate, refused, ...reasons] = stdout.trimEnd().split("\n");
  expect([published, duplicate, refused]).toEqual(["published 2", "duplicate 1  line 4", "refused   9"]);
  expect(reasons).toEqual([
    expect.stringMatching(/^ {2}schema: base_points: .*: line 2$/),
    "  not JSON: line 3",
    "  no usable user_id: line 6",
    "  too_large: a candidate has at most 16384 bytes: lines 7-8",
    "  no usable realm_id: line 9",
    `  realm_mismatch: realm_id: sent to realm ${realm}: line 11`,
    "  stale: occurred_at: occurred more than 24 h ago: line 12",
    "  schema: power: is not a known field: line 13",
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(1);
  expect(await storedIn(realm)).toEqual([lines[0], lines[9]]);
});

test("unchecked, bad lines with an address go too, and what NATS refuses is told", async () => {
  const realm = await newRealm();
  const lines = [
    candidate(realm, 1, { base_points: -5 }),
    "{not json",
    candidate(realm, 4, { pad: "x".repeat(300 * 1024) }),
    candidate(realm, 5, { pad: "x".repeat(20 * 1024) }),
  ];
  const { stdout } = await publish(["--realm", realm, "--unchecked", await fileOf(lines)]);
  expect(stdout.trimEnd().split("\n")).toEqual([
    "published 2",
    "duplicate 0",
    "refused   2",
    "  not JSON: line 2",
    expect.stringMatching(/^ {2}larger than this NATS server takes \(\d+ bytes\): line 3$/),
  ]);
  expect(await storedIn(realm)).toEqual([lines[0], lines[3]]);
});

test("a message has the id that a story engine gives it, and a second run finds every line known", async () => {
  const realm = await newRealm();
  const input = Array.from({ length: 1_500 }, (_, n) => candidate(realm, n)).join("\n");
  const first = await publish(["--realm", realm], { input });
  expect(first).toMatchObject({ code: 0, stdout: "published 1500\nduplicate 0\nrefused   0\n" });
  const again = await publish(["--realm", realm, "-"], { input });
  expect(again).toMatchObject({
    code: 0,
    stdout: "published 0\nduplicate 1500  lines 1-1500\nrefused   0\n",
  });
  const message = await nats.bus.jsm.streams.getMessage(rawStream(realm), { seq: 1 });
  expect(message?.subject).toBe(subjects.rawCandidate(realm));
  expect(message?.header.get("Nats-Msg-Id")).toBe("c.u0.key-0-0000");
});

test("--now makes the newest time the present and keeps the distances", async () => {
  for (const from of ["file", "stdin"]) {
    const realm = await newRealm();
    const lines = [
      candidate(realm, 1, { occurred_at: "2025-01-15T12:00:00Z" }),
      candidate(realm, 2, { occurred_at: "2025-01-15T12:30:00Z" }),
      candidate(realm, 3, { occurred_at: "2025-01-14T06:30:00Z" }),
      candidate(realm, 4, { occurred_at: "once upon a time" }),
    ];
    const args = ["--realm", realm, "--now", "--unchecked"];
    const { code } =
      from === "file"
        ? await publish([...args, await fileOf(lines)])
        : await publish(args, { input: lines.join("\n") });
    expect(code).toBe(0);
    const times = (await storedIn(realm)).map((body) => JSON.parse(body).occurred_at);
    const newestMs = Date.parse(times[1]);
    expect(Math.abs(Date.now() - newestMs)).toBeLessThan(10_000);
    expect(newestMs - Date.parse(times[0])).toBe(30 * 60_000);
    expect(newestMs - Date.parse(times[2])).toBe(30 * 3_600_000);
    expect(times[3]).toBe("once upon a time");
  }
});

test("what can't work ends in one sentence, not in a stack trace", async () => {
  const realm = await newRealm();
  const cases: [string[], Record<string, string>, number, RegExp][] = [
    [[], {}, 2, /^publish: --realm needs/],
    [["--realm", realm, "--fast"], {}, 2, /^publish: Unknown option '--fast'/],
    [["--realm", realm, join(dir, "nowhere.ndjson")], {}, 2, /^publish: There is no file/],
    [["--realm", realm, dir], {}, 2, /^publish: There is no file/],
    [["--realm", "nowhere"], {}, 1, /^publish: The NATS server at .* has no realm nowhere/],
    [["--realm", realm], { NATS_URL: "nats://127.0.0.1:9" }, 1, /^publish: No NATS answers at/],
    [["--realm", realm], { NATS_URL: "", DATA_DIR: dir }, 1, /^publish: No NATS is known/],
  ];
  await Promise.all(
    cases.map(async ([args, env, exit, sentence]) => {
      const { code, stderr, stdout } = await publish(args, { env });
      expect(stderr).toMatch(sentence);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    }),
  );
  expect((await publish(["--help"])).stdout).toContain("--realm R");
});

test("a full RAW is waited for, and given up with the lines that were not published", async () => {
  const realm = await newRealm(4_096);
  const lines = Array.from({ length: 20 }, (_, n) => candidate(realm, n, { pad: "x".repeat(400) }));
  const { code, stdout, stderr } = await publish(["--realm", realm, "--patience", "1", "--unchecked"], {
    input: lines.join("\n"),
  });
  const stored = await storedIn(realm);
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.length).toBeLessThan(20);
  expect(stdout).toContain(`published ${stored.length}\n`);
  expect(stdout).toContain(`refused   ${20 - stored.length}\n  not acknowledged: lines `);
  expect(stderr).toContain("RAW is full, trying again");
  expect(stderr).toMatch(/Gave up after line \d+; nothing beyond it was published: RAW is full\./);
  expect(code).toBe(1);
});

test("once a full RAW has room again, everything is published in its order", async () => {
  const realm = await newRealm(4_096);
  const items = itemsOf(realm, 20, 400);
  const outcomes: string[] = [];
  const janitor = (async () => {
    while (outcomes.length < items.length) {
      await delay(100);
      const { lastSeq } = await streamEnds(nats.bus, rawStream(realm));
      await nats.bus.jsm.streams.purge(rawStream(realm), { seq: lastSeq + 1 });
    }
  })();
  const { unsettled } = await run(nats.bus, realm, items, (item, { kind }) =>
    outcomes.push(`${item.msgId} ${kind}`),
  );
  await janitor;
  expect(unsettled).toEqual([]);
  expect(outcomes).toEqual(items.map(({ msgId }) => `${msgId} published`));
  expect((await streamEnds(nats.bus, rawStream(realm))).lastSeq).toBe(20);
});

test("answers that got lost are asked for again: stored once, counted once, in order", async () => {
  const realm = await newRealm();
  const wire = await wireTo(nats.port);
  const bus = await openBus({ natsUrl: wire.url, name: "cut" });
  try {
    const items = itemsOf(realm, 3_000, 10);
    const counts: Record<PublicationResult["kind"], number> = { published: 0, duplicate: 0, refused: 0 };
    // The last item repeats the first: a real duplicate among the echoes of the run's own attempts.
    items.push(items[0]!);
    const running = run(bus, realm, items, (_, { kind }) => {
      counts[kind]++;
      if (counts.published === 200) {
        wire.swallowReplies(true);
        setTimeout(() => {
          wire.cut();
          wire.swallowReplies(false);
        }, 100);
      }
    });
    expect(await running).toEqual({ unsettled: [] });
    expect(counts).toEqual({ published: 3_000, duplicate: 1, refused: 0 });
    const { lastSeq } = await streamEnds(nats.bus, rawStream(realm));
    expect(lastSeq).toBe(3_000);
  } finally {
    await bus.close();
    wire.close();
  }
});

function itemsOf(realm: string, count: number, padding: number): Outgoing[] {
  return Array.from({ length: count }, (_, n) => ({
    msgId: `c.u${n}.key-${n}-0000`,
    data: candidate(realm, n, { pad: "x".repeat(padding) }),
  }));
}

function run(
  bus: Bus,
  realm: string,
  items: Outgoing[],
  settled: (item: Outgoing, outcome: PublicationResult) => void,
) {
  async function* source() {
    yield* items;
  }
  return publishCandidates({ bus, realm, items: source(), settled, patienceMs: 20_000 });
}
