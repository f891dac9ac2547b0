import { afterAll, beforeAll, expect, test } from "vitest";
import type { TickRecord } from "../../../shared/contracts/world.ts";
import { realmTroubles } from "../../../shared/stage/realm-health.ts";
import { lastOf, streamEnds } from "../../../shared/stream/last-message.ts";
import { publishOne } from "../../../shared/stream/publish.ts";
import { eventsStream, subjects, validStream, worldStream } from "../../../shared/stream/subjects.ts";
import { type TestNats, testNats } from "../../testing/nats.ts";
import { candidate, runStages, sendCandidate, sendCommand, testRealm, until } from "../../testing/realm.ts";
import { runCommand } from "../../testing/run-command.ts";
import { replay } from "../replay/replay.ts";
import { examine } from "./examine.ts";
import { NotRemovable, removable } from "./remove.ts";

let nats: TestNats;
beforeAll(async () => {
  nats = await testNats();
});
afterAll(() => nats.close());

const doctor = (realm: string, ...args: string[]) =>
  runCommand("ops/tools/doctor/main.ts", ["--realm", realm, "--nats", nats.url, ...args], {
    DATA_DIR: "/nowhere",
  });
const tickOf = async (realm: string): Promise<number> =>
  (JSON.parse((await lastOf(nats.bus, worldStream(realm), subjects.tick(realm)))!.text()) as TickRecord).tick;

test("a foreign message stops a realm, the doctor names it and takes it out, and the realm goes on without a loss", async () => {
  const realm = "sick";
  await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer", "simulator"]);
  const play = async (user_id: string) => {
    const before = await tickOf(realm);
    await sendCandidate(nats.bus, candidate(realm, { user_id }));
    await sendCommand(nats.bus, realm, "tick.run", {});
    return () => until(async () => (await tickOf(realm)) > before, 15);
  };
  await (await play("ada"))();
  const { seq } = await publishOne(nats.bus, { subject: subjects.accepted(realm), data: "\0\x01poison" });
  const behind = await play("bo");
  await until(
    async () => realmTroubles().some((trouble) => trouble.realm === realm && trouble.seq === seq),
    15,
  );

  const place = `${eventsStream(realm)}:${seq}`;
  const looked = await doctor(realm);
  expect(looked).toMatchObject({ code: 1, err: "" });
  expect(looked.out).toContain(`WRONG  ${place} on ${subjects.accepted(realm)} is foreign: it is not JSON`);
  expect(looked.out).toContain(`--remove ${place}`);
  expect(await doctor(realm, "--remove", place)).toMatchObject({ code: 2 });
  expect(await tickOf(realm)).toBe(1);

  const removed = await doctor(realm, "--remove", place, "--yes");
  expect(removed).toMatchObject({ code: 0, err: "" });
  await behind();
  expect(realmTroubles().filter((trouble) => trouble.realm === realm)).toEqual([]);
  await (await play("cy"))();
  await stages.stop();
  expect(await replay(nats.bus, realm)).toMatchObject({ problems: [], ticks: 3, events: 3 });
}, 60_000);

test("what is part of the log, was consumed, or lies elsewhere is not taken out", async () => {
  const realm = "sound";
  await testRealm(nats.bus, realm);
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await sendCandidate(nats.bus, candidate(realm));
  await until(
    async () => (await lastOf(nats.bus, eventsStream(realm), subjects.accepted(realm))) !== undefined,
  );
  await stages.stop();
  const { lastSeq } = await streamEnds(nats.bus, eventsStream(realm));
  const wanted = [
    [eventsStream(realm), 1, "is what its subject says"],
    [validStream(realm), 1, "is what its subject says"],
    [eventsStream(realm), lastSeq + 1, "ends at"],
    [`RAW_${realm}`, 1, "is none of"],
    ["KV_caps", 1, "is none of"],
  ] as const;
  for (const [stream, seq, why] of wanted) {
    const asked = removable(nats.bus, realm, { stream, seq }, undefined);
    await expect(asked, stream).rejects.toThrow(NotRemovable);
    await expect(removable(nats.bus, realm, { stream, seq }, undefined)).rejects.toThrow(why);
  }
});

test("a position that a foreign message hides comes back, and the realm goes on", async () => {
  const realm = "hidden";
  await testRealm(nats.bus, realm);
  const { seq } = await publishOne(nats.bus, { subject: subjects.position("normalizer", realm), data: "{}" });
  const stages = runStages(nats.bus, realm, ["ingest", "normalizer"]);
  await until(
    async () => realmTroubles().some((trouble) => trouble.realm === realm && trouble.seq === seq),
    15,
  );
  const { findings } = await examine(nats.bus, realm);
  expect(findings.find(({ place }) => place === "position of normalizer")?.todo).toContain("take that out");
  const place = `${eventsStream(realm)}:${seq}`;
  expect(await doctor(realm, "--remove", place, "--yes")).toMatchObject({ code: 0 });
  await sendCandidate(nats.bus, candidate(realm));
  await until(
    async () => (await lastOf(nats.bus, eventsStream(realm), subjects.accepted(realm))) !== undefined,
    15,
  );
  await stages.stop();
}, 60_000);

test("a realm that doesn't exist is named, with those that do", async () => {
  const { code, err } = await doctor("nowhere");
  expect(code).toBe(2);
  expect(err).toMatch(/no realm is named nowhere; there are /);
});
