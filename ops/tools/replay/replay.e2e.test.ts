import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { canonicalHash } from "../../../shared/exact/canonical.ts";
import { messageOfTick } from "../../../shared/past/tick-sequence.ts";
import type { Stored } from "../../../shared/stream/last-message.ts";
import { publishOne } from "../../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { type TestNats, testNats, urlOf } from "../../testing/nats.ts";
import { testRealm } from "../../testing/realm.ts";
import { playOf, recordTicks, simulate } from "../../testing/recorded.ts";
import { runCommand } from "../../testing/run-command.ts";
import { replay } from "./replay.ts";

const TICKS = 300;
let nats: TestNats;
let dir: string;

beforeAll(async () => {
  nats = await testNats();
  dir = await mkdtemp(join(tmpdir(), "amoisekai-replay-"));
});
afterAll(async () => {
  await nats.close();
  await rm(dir, { recursive: true, force: true });
});

/** A realm with `ticks` ticks that the real simulator has run. */
async function played(realm: string, ticks: number): Promise<void> {
  const rules = await testRealm(nats.bus, realm);
  const places = { factions: Object.keys(rules.factions), territories: Object.keys(rules.territories) };
  await recordTicks(
    nats.bus,
    realm,
    { from: 1, to: ticks },
    playOf(realm, places, { users: 30, perTick: 8, seed: 5 }),
  );
  await simulate(nats.bus, realm, ticks);
}

async function recordOf(realm: string, tick: number): Promise<Stored | undefined> {
  const found = await messageOfTick(nats.bus, worldStream(realm), subjects.tick(realm), tick);
  return found && (JSON.parse(found.text()) as TickRecord).tick === tick ? found : undefined;
}

const cli = (entry: string, ...args: string[]) =>
  runCommand(entry, args, { NATS_URL: urlOf(nats.url, "operator") });

test("a replay begins with a kept state that its record vouches for, and ends at the same hash", async () => {
  await played("whole", TICKS);
  const whole = await replay(nats.bus, "whole");
  expect(whole).toMatchObject({ from: 0, ticks: TICKS, events: TICKS * 8, problems: [] });
  const later = await replay(nats.bus, "whole", { verify: true, from: 290 });
  expect(later).toMatchObject({ from: 256, ticks: TICKS, events: 44 * 8, problems: [], hash: whole.hash });
  expect(later.state.world).toEqual(whole.state.world);
  const part = await replay(nats.bus, "whole", { verify: true, from: 100, to: 120 });
  expect(part).toMatchObject({ from: 0, ticks: 120, problems: [] });
  await expect(replay(nats.bus, "whole", { verify: true, to: 301 })).rejects.toThrow("there is no 0…301");
}, 120_000);

test("the published chain is checked by the stand-alone verifier, and one changed digit is found", async () => {
  const file = join(dir, "chain.ndjson");
  const published = await cli("ops/tools/replay/main.ts", "--realm", "whole", "--records", file);
  expect(published).toMatchObject({ code: 0, err: "" });
  const held = await cli("ops/tools/verify-world/main.ts", file);
  expect(held).toMatchObject({ code: 0, err: "" });
  expect(held.out).toContain("301 records hold, tick 0 to 300");

  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  await writeFile(join(dir, "chain.json"), `[${lines.slice(40).join(",")}]`);
  expect((await cli("ops/tools/verify-world/main.ts", join(dir, "chain.json"))).out).toContain(
    "tick 40 to 300",
  );
  lines[7] = lines[7]!.replace(/"cap":(\d)/, '"cap":1$1');
  await writeFile(file, lines.join("\n"));
  const broken = await cli("ops/tools/verify-world/main.ts", file);
  expect(broken.code).toBe(1);
  expect(broken.out).toContain("BROKEN at tick 7 (line 8), field hash");
}, 120_000);

test("the command says where it began, and names the first tick and field that differ", async () => {
  const good = await cli(
    "ops/tools/replay/main.ts",
    "--realm",
    "whole",
    "--verify",
    "--from",
    "t260",
    "--to",
    "270",
  );
  expect(good).toMatchObject({ code: 0, err: "" });
  expect(good.out).toContain("14 ticks from the streams, begun at tick 256");
  const wrong = await cli("ops/tools/replay/main.ts", "--realm", "whole", "--from", "soon");
  expect(wrong).toMatchObject({ code: 2, err: "--from needs a tick, such as 12\n" });
}, 120_000);

test("a tick record that is missing, in the middle or at the end, is named", async () => {
  await played("gaps", 20);
  const stream = worldStream("gaps");
  await nats.bus.jsm.streams.deleteMessage(stream, (await recordOf("gaps", 20))!.seq);
  expect((await replay(nats.bus, "gaps")).problems).toEqual([
    expect.stringMatching(/^tick 20: no record in WORLD_gaps, though the simulator's position counts up to/),
  ]);
  await nats.bus.jsm.streams.deleteMessage(stream, (await recordOf("gaps", 12))!.seq);
  expect((await replay(nats.bus, "gaps")).problems).toEqual(["tick 12: no record where it should be"]);
}, 120_000);

test("a record that was forged with its hash differs by its field, and by what it says of the state", async () => {
  await played("forged", 6);
  const stream = worldStream("forged");
  const last = (await recordOf("forged", 6))!;
  const { hash: _, ...content } = JSON.parse(last.text()) as TickRecord;
  await nats.bus.jsm.streams.deleteMessage(stream, last.seq);
  const lie = { ...content, public_hash: "a".repeat(64) };
  const data = JSON.stringify({ ...lie, hash: canonicalHash(lie) });
  await publishOne(nats.bus, { subject: subjects.tick("forged"), data });
  const { problems } = await replay(nats.bus, "forged");
  expect(problems).toEqual([expect.stringContaining('tick 6: public_hash is recorded as "aaaa')]);
}, 120_000);

test("a delta that was forged with its record shows which leaf of the state differs", async () => {
  await played("leaf", 6);
  const stream = worldStream("leaf");
  const delta = (await messageOfTick(nats.bus, stream, subjects.delta("leaf"), 6))!;
  const record = (await recordOf("leaf", 6))!;
  const told = JSON.parse(delta.text());
  told.patch.meters = { ...told.patch.meters, catastrophe_meter: 4_242 };
  const before = (await replay(nats.bus, "leaf", { verify: false })).state.world.public;
  const lie = { ...before, meters: { ...before.meters, catastrophe_meter: 4_242 } };
  told.hash = canonicalHash(lie);
  const { hash: _, ...content } = JSON.parse(record.text()) as TickRecord;
  const forged = { ...content, public_hash: told.hash };
  for (const seq of [delta.seq, record.seq]) await nats.bus.jsm.streams.deleteMessage(stream, seq);
  const lines = [
    { subject: subjects.tick("leaf"), data: JSON.stringify({ ...forged, hash: canonicalHash(forged) }) },
    { subject: subjects.delta("leaf"), data: JSON.stringify(told) },
  ];
  for (const line of lines) await publishOne(nats.bus, line);
  const { problems } = await replay(nats.bus, "leaf");
  expect(problems[0]).toMatch(/meters\.catastrophe_meter is recorded as 4242, recomputed as \d+$/);
}, 120_000);
