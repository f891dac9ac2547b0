/** Both pages in a real Chromium, before real servers: NATS, the stages, the broadcaster as a process, the internal API. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ScriptedWorld, storeTicks } from "../../../broadcaster/testing/scripted-world.ts";
import type { DerivedEvent, WorldSnapshot } from "../../../shared/contracts/world.ts";
import { lastOf } from "../../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { pickPort } from "../../local/ports.ts";
import { type TestApi, TOKEN, testApi } from "../../testing/api.ts";
import { findChromium, openBrowser } from "../../testing/browser.ts";
import { candidate, sendCandidate, testRealm } from "../../testing/realm.ts";
import { type StageProcess, startStage } from "../../testing/stages.ts";
import { buildPages } from "./build.ts";

const executable = findChromium();
/** What a page waits for, ms. */
const PATIENCE_MS = 15_000;

let api: TestApi;
let broadcaster: StageProcess;
let feedPort: number;
let browser: Browser;
let context: BrowserContext;
/** What the page said on its console that it shouldn't have. */
let complaints: string[] = [];

/** A token that is for the quarantine of one realm alone. */
const REVIEWER = "a-reviewers-token-of-the-tests";
let folder: string | undefined;

beforeAll(async () => {
  if (executable === undefined) return;
  await buildPages();
  folder = await mkdtemp(join(tmpdir(), "amoi-pages-"));
  const AMOI_TOKENS_FILE = join(folder, "tokens.json");
  const sha256 = createHash("sha256").update(REVIEWER).digest("hex");
  await writeFile(
    AMOI_TOKENS_FILE,
    JSON.stringify([{ name: "linh", sha256, scopes: ["review"], realms: ["reviewed"] }]),
  );
  [api, browser, feedPort] = await Promise.all([
    testApi("reviewed", ["ingest", "normalizer", "simulator"], { AMOI_TOKENS_FILE }),
    openBrowser(executable),
    pickPort(),
  ]);
  await testRealm(api.nats.bus, "drawn", { tick_seconds: 9_000 });
  broadcaster = await startBroadcaster();
});
afterEach(async () => {
  await context?.close();
});
afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  await browser?.close();
  await broadcaster?.stop();
  await api?.close();
});

const startBroadcaster = () =>
  startStage("broadcaster/main.ts", "BROADCASTER_PORT", {
    NATS_URL: api.nats.url,
    FEED_PORT: `${feedPort}`,
  });

async function openPage(url: string, options: { width?: number; dark?: boolean } = {}): Promise<Page> {
  const { width = 1_200, dark = false } = options;
  context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  complaints = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (said) => {
    if (/Content Security Policy/.test(said.text())) complaints.push(said.text());
  });
  await page.goto(url);
  return page;
}
const observatory = (realm: string) => `http://127.0.0.1:${feedPort}/?realm=${realm}`;

/** The realm that no simulator moves, at its last tick. */
async function drawnWorld(): Promise<ScriptedWorld> {
  const stored = await lastOf(api.nats.bus, worldStream("drawn"), subjects.snapshot("drawn"));
  return new ScriptedWorld("drawn", JSON.parse(stored!.text()) as WorldSnapshot);
}
const flip = (world: ScriptedWorld, territory: string, to: string) => {
  const tick = world.snapshot.tick + 1;
  const from = world.snapshot.state.public.territories[territory]!.controller!;
  const event: DerivedEvent = { tick, n: 1, kind: "flip", territory, from, to };
  const change = { territories: { [territory]: { controller: to, last_changed_tick: tick } } };
  return world.tick(change, [event]);
};
const place = (page: Page, territory: string) => page.locator(`[data-territory="${territory}"]`);
/** Once it is drawn so. */
const heldBy = (page: Page, territory: string, faction: string) =>
  page.locator(`[data-territory="${territory}"][data-controller="${faction}"]`).waitFor();
const tickShown = (page: Page, tick: number) =>
  page.locator('[data-testid="tick"]', { hasText: new RegExp(`^${tick}$`) }).waitFor();

test.skipIf(executable === undefined)("a flip shows without a reload, on the map and in words", async () => {
  const world = await drawnWorld();
  const page = await openPage(observatory("drawn"));
  await heldBy(page, "iron_gate", "empire");
  await page.evaluate("window.sameDocument = true");
  await storeTicks(api.nats.bus, [flip(world, "iron_gate", "freeholds")]);
  await heldBy(page, "iron_gate", "freeholds");
  await page.getByText("Iron Gate falls to the Freeholds from the Empire").first().waitFor();
  expect(await place(page, "iron_gate").getAttribute("aria-label")).toContain("held by Freeholds");
  await tickShown(page, world.snapshot.tick);
  expect(await page.evaluate("window.sameDocument")).toBe(true);
  // Recomputed in the browser: the corner shows the public hash of the very tick.
  await page.locator(".corner", { hasText: `✓ ${world.snapshot.public_hash.slice(0, 12)}` }).waitFor();
  expect(complaints).toEqual([]);
});

test.skipIf(executable === undefined)("a killed and restarted broadcaster heals the page", async () => {
  const world = await drawnWorld();
  const page = await openPage(observatory("drawn"));
  const connection = page.locator('[data-testid="connection"]');
  await connection.filter({ hasText: "live" }).waitFor();
  await broadcaster.kill();
  await connection.filter({ hasText: "reconnecting" }).waitFor();
  await storeTicks(api.nats.bus, [flip(world, "river_mouth", "veilborn"), world.tick()]);
  broadcaster = await startBroadcaster();
  await heldBy(page, "river_mouth", "veilborn");
  await tickShown(page, world.snapshot.tick);
  // It was brought up to date by deltas, so it also knows what happened meanwhile.
  await page.getByText("River Mouth falls to the Veilborn").first().waitFor();
  expect(complaints).toEqual([]);
});

/** Answers the page's reads of territories with what the server says, changed. */
async function withTerritories(page: Page, change: (territory: Record<string, unknown>) => void) {
  await page.route("**/api/world/drawn/territories", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { territories: Record<string, Record<string, unknown>> };
    for (const territory of Object.values(body.territories)) change(territory);
    await route.fulfill({ response: answer, json: body });
  });
}

test.skipIf(executable === undefined)(
  "a forecast of no change of hands is drawn, and the badge tells the tick that is on the screen",
  async () => {
    const world = await drawnWorld();
    const page = await openPage("about:blank");
    await withTerritories(page, (territory) => {
      territory.forecast = { probability_bp: 0, until_tick: 1_000_000, as_of_tick: world.snapshot.tick };
    });
    const asked = page.waitForResponse("**/api/world/drawn/territories");
    await page.goto(observatory("drawn"));
    await asked;
    await storeTicks(api.nats.bus, [world.tick()]);
    await tickShown(page, world.snapshot.tick);
    await page
      .locator('[data-testid="connection"]')
      .getByText(`live · tick ${world.snapshot.tick}`)
      .waitFor();
    expect(complaints).toEqual([]);
  },
);

test.skipIf(executable === undefined)(
  "a panel that fails says so in its own place, and the rest of the page goes on",
  async () => {
    const world = await drawnWorld();
    const page = await openPage("about:blank");
    await withTerritories(page, (territory) => {
      territory.rates = { factions: null };
    });
    await page.goto(observatory("drawn"));
    await page.locator('[role="alert"]', { hasText: "The territory" }).waitFor();
    await storeTicks(api.nats.bus, [flip(world, "mist_fen", "empire")]);
    await heldBy(page, "mist_fen", "empire");
    await tickShown(page, world.snapshot.tick);
  },
);

test.skipIf(executable === undefined)(
  "the scrubber goes back through the ticks, also to those before the page came",
  async () => {
    const world = await drawnWorld();
    await storeTicks(api.nats.bus, [flip(world, "crown_fields", "veilborn"), world.tick()]);
    const page = await openPage(observatory("drawn"));
    await tickShown(page, world.snapshot.tick);
    await heldBy(page, "crown_fields", "veilborn");
    await page.getByText(/ticks from 0 on are at hand/).waitFor();
    const back = page.getByRole("button", { name: "One tick back" });
    await back.click();
    await back.click();
    await heldBy(page, "crown_fields", "empire");
    await page.getByText("2 ticks ago").waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await heldBy(page, "crown_fields", "veilborn");
    expect(complaints).toEqual([]);
  },
);

test.skipIf(executable === undefined)("the map is walked by keyboard, and the panel follows", async () => {
  const page = await openPage(observatory("drawn"));
  await place(page, "iron_gate").click();
  await page.getByRole("heading", { name: "Iron Gate" }).waitFor();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("heading", { name: "Crown Fields" }).waitFor();
  expect(await page.locator("[data-territory]:focus").getAttribute("data-territory")).toBe("crown_fields");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  // Round the wheel backwards: the hub stands after the last of the ring.
  await page.getByRole("heading", { name: "Hollow Cross" }).waitFor();
});

test.skipIf(executable === undefined)("at phone width nothing is cut off, by day and by night", async () => {
  for (const dark of [false, true]) {
    const page = await openPage(observatory("drawn"), { width: 360, dark });
    await place(page, "iron_gate").waitFor();
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    const ground = await page.evaluate(
      'getComputedStyle(document.documentElement).getPropertyValue("--ground")',
    );
    expect(wide).toBe(360);
    expect(ground).toBe(dark ? "#0e0d1a" : "#f3ecdf");
    await context.close();
  }
});

test.skipIf(executable === undefined)(
  "a review on /gm releases an event, and the page shows it counted after a tick",
  async () => {
    // Of what is alike to the last number, the sixth waits for a person.
    for (let i = 0; i < 6; i++)
      await sendCandidate(api.nats.bus, candidate("reviewed", { user_id: "ada", faction_id: "veilborn" }));
    const page = await openPage(`${api.url}/gm`);
    await signIn(page, TOKEN);
    await page.getByLabel("Realm").selectOption("reviewed");
    await page.getByRole("link", { name: "Realm" }).click();
    await tickNow(page);
    const watching = await context.newPage();
    await watching.goto(observatory("reviewed"));
    const points = watching.locator('[data-testid="influence-veilborn"]');
    const before = Number(await points.textContent());

    await page.getByRole("link", { name: "Quarantine" }).click();
    await page.getByText("1 open").waitFor();
    await page.getByRole("button", { name: /^ada combat\.skirmish/ }).click();
    await page.getByText("the user repeated one action to the last number").waitFor();
    const effect = await page.locator('[data-testid="effect"]').textContent();
    const [, foreseen] = /gives ([\d.]+) points/.exec(effect!)!;
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByText(`Released: ${foreseen} points`).waitFor();
    await page.getByRole("button", { name: "Back to the list" }).click();
    await page.getByText("0 open").waitFor();

    await page.getByRole("link", { name: "Realm" }).click();
    const tick = await tickNow(page);
    await tickShown(watching, tick);
    // What there was decays by a thousandth, and numbers are shown floored.
    expect(Number(await points.textContent())).toBeGreaterThan(before * 0.998 + Number(foreseen) - 2);
    expect(complaints).toEqual([]);
  },
);

test.skipIf(executable === undefined)(
  "a wrong token opens nothing; rules are refused by field, put in force and rolled back",
  async () => {
    const page = await openPage(`${api.url}/gm#rulesets`);
    await signIn(page, "not-the-token-at-all");
    await page.getByText("The token was refused").waitFor();
    await signIn(page, TOKEN);
    await page.getByLabel("Realm").selectOption("reviewed");
    const editor = page.locator("textarea[name=ruleset]");
    await expect.poll(() => editor.inputValue(), { timeout: PATIENCE_MS }).toContain("tick_seconds");
    await editor.fill((await editor.inputValue()).replace(/"tick_seconds": \d+/, '"tick_seconds": 0'));
    await page.locator(".diff", { hasText: "tick_seconds" }).waitFor();
    await page.getByRole("button", { name: "Put it in force" }).click();
    expect(await page.getByRole("alert").textContent()).toMatch(/^Refused \(400\): ?tick_seconds /);
    await editor.fill((await editor.inputValue()).replace(/"tick_seconds": 0/, '"tick_seconds": 800'));
    await page.getByRole("button", { name: "Put it in force" }).click();
    await page.getByText("Version 2 is in force.").waitFor();
    await page.getByRole("button", { name: "Roll back to it" }).click();
    await page.getByText("are in force again, as version 3").waitFor();
    expect(await page.evaluate("[localStorage.length, document.cookie]")).toEqual([0, ""]);
  },
);

test.skipIf(executable === undefined)(
  "a token opens the desks that it is for under its own name, and the page says what it lacks",
  async () => {
    const page = await openPage(`${api.url}/gm`);
    await signIn(page, REVIEWER);
    await page.getByRole("button", { name: "Sign out linh" }).waitFor();
    await page.getByText(/\d+ open/).waitFor();
    const lacks = await page.getByRole("note").textContent();
    expect(lacks).toMatch(/^The token linh lacks read .*, operate .*: what needs it is refused\.$/);
    await page.getByRole("link", { name: "Rulesets" }).click();
    await page.getByText("the token linh lacks the scope read").first().waitFor();
    complaints.length = 0; // The browser tells of each answer that is a 403.
  },
);

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Your token").fill(token);
  await page.getByRole("button", { name: "Open the desk" }).click();
}

async function tickNow(page: Page): Promise<number> {
  await page.getByRole("button", { name: "Tick now" }).click();
  const said = await page.getByText(/Tick \d+ is committed/).textContent();
  return Number(/Tick (\d+)/.exec(said!)![1]);
}
