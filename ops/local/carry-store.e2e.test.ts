import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { unpackStore } from "../testing/recorded-store.ts";
import { carryStore } from "./carry-store.ts";
import { launch } from "./launch.ts";
import { findNatsServer } from "./nats-server.ts";
import { pickPort } from "./ports.ts";
import { LocalSetupError } from "./setup-error.ts";

let recorded: string;
let store: string;

beforeAll(async () => {
  recorded = await mkdtemp(join(tmpdir(), "amoisekai-recorded-"));
  await unpackStore(1, recorded);
});
afterAll(() => rm(recorded, { recursive: true, force: true }));
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), "amoisekai-store-"));
  await cp(join(recorded, "nats", "store"), store, { recursive: true });
});
afterEach(() => rm(store, { recursive: true, force: true }));

/** What a server finds in the store: of every stream its creation and ends. */
async function foundBy(kind: "without accounts" | "with accounts"): Promise<Record<string, unknown>> {
  const port = await pickPort();
  const accounts = {
    accounts: { WORLD: { jetstream: true, users: [{ user: "world", password: "password-of-the-test" }] } },
  };
  const configuration = join(store, "test.conf");
  await writeFile(
    configuration,
    JSON.stringify({
      listen: `127.0.0.1:${port}`,
      jetstream: { store_dir: store },
      ...(kind === "with accounts" ? accounts : {}),
    }),
  );
  const login = kind === "with accounts" ? { user: "world", pass: "password-of-the-test" } : {};
  const open = () => connect({ servers: `127.0.0.1:${port}`, reconnect: false, ...login });
  const server = await launch({
    name: "nats",
    command: await findNatsServer(),
    args: ["--config", configuration],
    logFile: join(store, "nats.log"),
    probe: async () => {
      await (await open()).close();
      return true;
    },
  });
  const connection = await open();
  try {
    const found: [string, unknown][] = [];
    for await (const { config, created, state } of (await jetstreamManager(connection)).streams.list()) {
      const { first_seq, last_seq, first_ts, last_ts, messages } = state;
      // Who was alive is written with a time to live, and gone by now.
      if (config.name !== "KV_workers" && !config.name.startsWith("RAW_"))
        found.push([config.name, { created, first_seq, last_seq, first_ts, last_ts, messages, config }]);
    }
    return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    await connection.close();
    await server.stop();
  }
}

test("a server with accounts finds every stream of a store that is carried over, with its creation, sequences and times", async () => {
  const before = await foundBy("without accounts");
  expect(Object.keys(before)).toContain("EVENTS_amoi-1");
  expect(await foundBy("with accounts")).toEqual({});
  expect(await carryStore(store)).toBe(true);
  expect(await foundBy("with accounts")).toEqual(before);
});

test("carrying a store again changes nothing, nor does it in a new one", async () => {
  expect(await carryStore(store)).toBe(true);
  const held = await readdir(join(store, "jetstream", "WORLD", "streams"));
  expect(await carryStore(store)).toBe(false);
  expect(await readdir(join(store, "jetstream", "WORLD", "streams"))).toEqual(held);
  expect(await carryStore(join(store, "nothing-here"))).toBe(false);
});

test("a store in which both accounts hold streams is left alone, and both folders are named", async () => {
  await cp(join(store, "jetstream", "$G"), join(store, "jetstream", "WORLD"), { recursive: true });
  await expect(carryStore(store)).rejects.toThrow(LocalSetupError);
  await expect(carryStore(store)).rejects.toThrow(/WORLD holds \d+ streams and .*\$G \d+/);
  expect(await readdir(join(store, "jetstream"))).toEqual(["$G", "WORLD"]);
});
