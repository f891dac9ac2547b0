import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../../ops/testing/api.ts";
import { buildPages } from "../../ops/tools/pages/build.ts";

let api: TestApi;
beforeAll(async () => {
  await buildPages();
  api = await testApi("standing", ["ingest", "normalizer", "simulator"]);
});
afterAll(() => api.close());

test("every realm is listed with its name", async () => {
  const { status, body } = await api.call("GET", "realms");
  expect(status).toBe(200);
  expect(body.realms).toMatchObject([{ realm_id: "standing", name: "standing" }]);
});

test("a realm's state is that of its last tick, with what the tick told", async () => {
  const before = await api.call("GET", "standing/state");
  expect(before.body).toMatchObject({ tick: 0, state: { realm: "standing", status: "active" }, events: [] });
  const refused = { action_type: "iron_levy", faction: "empire" };
  const { body: sent } = await api.post("events/ingest", {
    v: 1,
    idempotency_key: "levy-without-iron",
    realm_id: "standing",
    kind: "sovereign.propose",
    actor: { type: "gm", id: "mai" },
    payload: refused,
  });
  const tick = await api.post("tick/run", { realm_id: "standing", idempotency_key: "tick-of-the-test" });
  const after = await api.call("GET", "standing/state");
  expect(after.body).toMatchObject({ tick: 1, hash: tick.body.hash, state: { tick: 1 } });
  expect(after.body.events).toMatchObject([
    { tick: 1, kind: "refused", id: sent.command_id, command: "sovereign.propose", reason: "insufficient" },
  ]);
});

test("without the token there is no state, and of a realm that isn't there a 404", async () => {
  const answer = await fetch(`${api.url}/internal/world/standing/state`);
  expect(answer.status).toBe(401);
  expect((await api.call("GET", "nowhere/state")).status).toBe(404);
});

test("the game master's page is served without the token, under its own policy", async () => {
  const page = await fetch(`${api.url}/gm`);
  expect(page.url).toBe(`${api.url}/gm/`);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=/);
  for (const [, asset] of html.matchAll(/(?:src|href)="(\/gm\/assets\/[^"]+)"/g))
    expect((await fetch(api.url + asset)).status).toBe(200);
});
