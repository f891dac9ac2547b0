import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { eventsStream, worldStream } from "../../shared/stream/subjects.ts";

let api: TestApi;
beforeAll(async () => {
  api = await testApi("bare");
});
afterAll(() => api.close());

test("a cluster in which no realm was ever made has no realms, and the first one is made", async () => {
  await api.nats.bus.jsm.streams.delete("KV_realms");
  expect(await api.call("GET", "realms")).toMatchObject({ status: 200, body: { realms: [] } });
  expect((await api.post("realms", { realm_id: "first", name: "First" })).status).toBe(201);
  expect((await api.call("GET", "realms")).body).toMatchObject({ realms: [{ realm_id: "first" }] });
});

test("while a realm's streams are gone its reads answer 503, and the other realms' go on", async () => {
  const paths = ["ruleset", "quarantine", "state", `events/${"a".repeat(26)}`];
  for (const stream of [eventsStream("first"), worldStream("first")])
    await api.nats.bus.jsm.streams.delete(stream);
  for (const path of paths) {
    const { status, headers, body } = await api.call("GET", `first/${path}`);
    expect([path, status, headers.get("retry-after")]).toEqual([path, 503, "2"]);
    expect(body.detail).toContain("to be restored");
  }
  expect((await api.call("GET", "bare/ruleset")).status).toBe(200);
});
