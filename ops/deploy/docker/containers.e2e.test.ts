import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../simulator/archive/database/database.ts";
import { checkAgreement } from "../../../simulator/archive/rebuild/agreement.ts";
import { VIEWS } from "../../../simulator/archive/rebuild/own-tables.ts";
import { silent } from "../../../simulator/archive/testing/database.ts";
import { prepareDatabase } from "../../local/prepare-database.ts";
import {
  findEngine,
  type NatsContainer,
  natsContainer,
  postgresContainer,
} from "../../testing/containers.ts";
import { candidate, until } from "../../testing/realm.ts";
import { runCommand } from "../../testing/run-command.ts";
import { type StageProcess, startStage } from "../../testing/stages.ts";

const REALM = "contained";
const TOKEN = randomBytes(24).toString("base64url");
const PLAYERS = 300;
/** For images that start on a busy machine. */
const TIMEOUT_MS = 120_000;
const found = await findEngine();
const engine = typeof found === "string" ? undefined : found;
if (engine === undefined)
  console.warn(
    `no container engine can be used, so the servers of docker-compose.yml are not tested: ${found}`,
  );

type Answered = { event_id: string; status: number };
const ended: (() => Promise<unknown>)[] = [];
let nats: NatsContainer;
let env: Record<string, string>;
let database: Database;
let ingest: StageProcess;

beforeAll(async () => {
  if (engine === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), "amoi-contained-"));
  ended.push(() => rm(folder, { recursive: true, force: true }));
  const kept = async <Server extends { stop(): Promise<unknown> }>(starting: Promise<Server>) => {
    const server = await starting;
    ended.push(() => server.stop());
    return server;
  };
  const [bus, postgres] = await Promise.all([kept(natsContainer(engine)), kept(postgresContainer())]);
  nats = bus;
  env = {
    MODE: "production",
    AMOI_NATS_PLAINTEXT: "1",
    NATS_URL: bus.url,
    AMOI_NATS_MONITOR_URL: bus.monitorUrl,
    AMOI_TOKENS_FILE: join(folder, "tokens.json"),
    FEED_TOKEN_SECRET: randomBytes(32).toString("base64"),
    AMOI_REALM: REALM,
    AMOI_LOG_LEVEL: "fatal",
  };
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  const entry = { name: "tests", sha256, scopes: ["publish", "operate", "review", "read"] };
  await writeFile(env.AMOI_TOKENS_FILE!, JSON.stringify([entry]));
  const urls = await prepareDatabase(postgres.url, silent);
  env = { ...env, DATABASE_URL: urls.archive, DATABASE_READ_URL: urls.read };
  database = openDatabase(urls.read, { log: silent, schema: VIEWS });
  ended.unshift(() => database.end());
}, TIMEOUT_MS);
afterAll(async () => {
  for (const end of ended) await end();
}, TIMEOUT_MS);

const production = test.skipIf(engine === undefined);

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${ingest.port}/internal/world/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

/** Asks for a tick until it is committed, with one key. */
const tick = (key: string) =>
  until(async () => {
    const answer = await post("tick/run", { realm_id: REALM, idempotency_key: key }).catch(() => undefined);
    return answer?.status === 200 && (answer.body as { tick: number; hash: string });
  }, 30);

/** Waits until the archive has the tick, and answers its public hash. */
const archivedHash = (number: number) =>
  until(async () => {
    const { rows } = await database
      .query("SELECT public_hash FROM world_state_snapshots WHERE tick_number = $1", [number])
      .catch(() => ({ rows: [] }));
    return rows[0]?.public_hash as string | undefined;
  }, 30);

async function archivedEvents(): Promise<string[]> {
  const { rows } = await database.query(
    "SELECT id FROM world_events WHERE source_type = 'player' ORDER BY id",
  );
  return rows.map(({ id }) => id as string);
}

production("a NATS server that acknowledges before its disk has it is refused in production", async () => {
  const hasty = await natsContainer(engine!, { hasty: true });
  try {
    const where = { NATS_URL: hasty.url, AMOI_NATS_MONITOR_URL: hasty.monitorUrl };
    const { code, err } = await runCommand("ops/provision/main.ts", [], { ...env, ...where });
    expect([code, err]).toEqual([1, expect.stringContaining("sync_interval: always")]);
  } finally {
    await hasty.stop();
  }
});

production(
  "the servers of docker-compose.yml carry a candidate into Postgres, and a killed NATS loses nothing",
  async () => {
    const start = async (entry: string, port: string) => {
      const stage = await startStage(entry, port, env);
      ended.unshift(() => stage.stop());
      // What the containers' health checks ask.
      const url = `http://127.0.0.1:${stage.port}/readyz`;
      await until(async () => (await fetch(url)).ok, 30);
      return stage;
    };
    await start("ops/provision/main.ts", "PROVISION_PORT");
    [ingest] = await Promise.all([
      start("ingest/main.ts", "INGEST_PORT"),
      start("normalizer/main.ts", "NORMALIZER_PORT"),
      start("simulator/main.ts", "SIMULATOR_PORT"),
      start("simulator/archive/main.ts", "ARCHIVE_PORT"),
    ]);

    const one = await post("impact-candidate", candidate(REALM));
    expect(one.status).toBe(202);
    const { event_id } = one.body as Answered;
    const first = await tick("first-tick");
    expect(first.tick).toBe(1);
    expect(await archivedHash(1)).toBe(first.hash);
    await until(async () => (await archivedEvents()).length === 1);
    const ledger = "SELECT source_event_id AS event_id, applied_points > 0 AS counted FROM influence_ledger";
    expect((await database.query(ledger)).rows).toEqual([{ event_id, counted: true }]);

    const crowd = Array.from({ length: PLAYERS }, (_, n) => candidate(REALM, { user_id: `player-${n}` }));
    const many = await post("impact-candidate", crowd);
    // Acknowledged, and on its way through four stages.
    await nats.killAndStart();
    const { results } = many.body as { results: Answered[] };
    expect(results.every(({ status }) => status === 202)).toBe(true);

    const second = await tick("second-tick");
    expect(second.tick).toBe(2);
    expect(await archivedHash(2)).toBe(second.hash);
    const acknowledged = [event_id, ...results.map((result) => result.event_id)].sort();
    await until(async () => (await archivedEvents()).length >= acknowledged.length);
    expect(await archivedEvents()).toEqual(acknowledged);
    expect(await checkAgreement(database, REALM)).toEqual({ ticks: 2, problems: [] });
  },
  TIMEOUT_MS,
);
