/** What RAW and the store hold: purges behind ingest, a store without room for another realm, and one that is full. */
import { afterEach, expect, test } from "vitest";
import { purgeRaw } from "../../ingest/gate/purge-raw.ts";
import { Gateway, StoreFull } from "../../ingest/gateway/gateway.ts";
import { readEnv } from "../../shared/process/env.ts";
import { openLog } from "../../shared/process/log.ts";
import { provisionRealm } from "../../shared/provision/provision.ts";
import { realmTexts } from "../../shared/provision/realm-entries.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { watchRealms } from "../../shared/stage/service.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { candidateMsgId, rawStream, subjects } from "../../shared/stream/subjects.ts";
import { type TestNats, testNats } from "../testing/nats.ts";
import { candidate, runStages, sendCandidate, testRealm, until } from "../testing/realm.ts";

const MIB = 1_024 * 1_024;
const log = openLog(readEnv({ AMOI_LOG_LEVEL: "silent" }), "test");
const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await (each.close?.() ?? each.stop?.());
});
async function server(maxStoreBytes?: number): Promise<TestNats> {
  const nats = await testNats(maxStoreBytes === undefined ? {} : { maxStoreBytes });
  open.push(nats);
  return nats;
}
const rawOf = async (bus: Bus, realm: string) => (await bus.jsm.streams.info(rawStream(realm))).state;

test("RAW is purged behind ingest's position, the message there stays, and a restarted ingest goes on", async () => {
  const { bus } = await server();
  await testRealm(bus, "r");
  let ingest = runStages(bus, "r", ["ingest"]);
  open.push({ stop: () => ingest.stop() });
  const stop = new AbortController();
  const state = { taken: 0 };
  const purging = purgeRaw(
    { bus, realm: "r", state, log, signal: stop.signal },
    { keepMs: 200, everyMs: 50 },
  );
  for (let n = 0; n < 20; n++) await sendCandidate(bus, candidate("r"));
  // More than there is: the service goes by the committed position.
  state.taken = 1_000_000;
  await until(async () => (await rawOf(bus, "r")).first_seq === 20);
  expect((await rawOf(bus, "r")).messages).toBe(1);
  await ingest.stop();
  await sendCandidate(bus, candidate("r"));
  ingest = runStages(bus, "r", ["ingest"]);
  await until(async () => {
    const { state } = await bus.jsm.streams.info("VALID_r", {
      subjects_filter: subjects.validCandidate("r"),
    });
    return Object.values(state.subjects ?? {})[0] !== undefined && state;
  });
  stop.abort();
  await purging;
});

test("a store without room for another realm says so with 507, and nothing of it is left", async () => {
  const { bus } = await server(56 * MIB);
  const ruleset = await loadRuleset("amoi-1");
  const make = (realm: string) =>
    provisionRealm(bus, { realm, name: realm, ruleset, replicas: 1, rawMaxBytes: 16 * MIB });
  await make("r1");
  await make("r2");
  const streams = async () => (await bus.jsm.streams.names().next()).sort();
  const before = await streams();
  await expect(make("r3")).rejects.toMatchObject({ status: 507 });
  expect(await streams()).toEqual(before);
  await make("r1");
});

test("while the store is full a publisher hears so within seconds, nothing is lost, and with room everything goes on", async () => {
  const nats = await server(28 * MIB);
  const { bus } = nats;
  await provisionRealm(bus, {
    ...{ realm: "r", name: "r", replicas: 1, rawMaxBytes: 2 * MIB },
    ruleset: await loadRuleset("amoi-1"),
  });
  open.push(runStages(bus, "r", ["ingest", "normalizer", "simulator"]));
  await bus.jsm.streams.add({ name: "FILL", subjects: ["fill"], allow_atomic: true });
  const filled = async () => {
    for (;;) await publishOne(bus, { subject: "fill", data: "x".repeat(500_000) });
  };
  await expect(filled()).rejects.toMatchObject({ code: 10023 });
  const gateway = new Gateway(bus);
  const body = candidate("r");
  const msgId = candidateMsgId(body.user_id, body.idempotency_key);
  const submission = { realm: "r", subject: subjects.rawCandidate("r"), msgId, data: JSON.stringify(body) };
  await expect(gateway.submit(submission)).rejects.toBeInstanceOf(StoreFull);
  await bus.jsm.streams.delete("FILL");
  expect(await until(() => gateway.submit(submission).catch(() => undefined))).toMatchObject({
    duplicate: false,
  });
  await until(async () => {
    const { state } = await bus.jsm.streams.info("EVENTS_r", { subjects_filter: subjects.accepted("r") });
    return Object.keys(state.subjects ?? {}).length > 0;
  });
});

test("a bucket of realms that was lost is made again with every realm, by whoever misses it", async () => {
  const { bus } = await server();
  await testRealm(bus, "one");
  await testRealm(bus, "two");
  const held = async () => (await realmTexts(bus)).map(({ realm, text }) => ({ realm, ...JSON.parse(text) }));
  const before = await held();
  const stop = new AbortController();
  const found = new Set<string>();
  const service = { env: readEnv({}), bus, log, signal: stop.signal };
  const watching = watchRealms(service, (realm) => void found.add(realm));
  await until(async () => found.size === 2);
  await bus.jsm.streams.delete("KV_realms");
  found.clear();
  await until(async () => found.size === 2, 20);
  expect((await held()).map(({ realm, created_at }) => [realm, created_at])).toEqual(
    before.map(({ realm, created_at }) => [realm, created_at]),
  );
  stop.abort();
  await watching;
});
