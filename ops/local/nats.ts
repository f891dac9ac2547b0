/** A NATS server of the stack's own: JetStream on disk, an acknowledgement means it is there. */
import { access, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { STORY_USER, type StoryEngine, USER_NAMES } from "../../shared/stream/access.ts";
import { withUser } from "../../shared/stream/nats-connection.ts";
import { MAX_OPEN_BATCHES, MAX_PAYLOAD_BYTES } from "../../shared/stream/topology.ts";
import { accounts } from "../tools/nats-config/config.ts";
import { carryStore } from "./carry-store.ts";
import { launch, type ProcessSpec, type Running } from "./launch.ts";
import { findNatsServer } from "./nats-server.ts";
import { portFor } from "./ports.ts";
import { storeBytes } from "./store-size.ts";

export interface NatsOptions {
  /** Holds the store, the configuration and the log; a restart with the same folder keeps every stream. */
  dir: string;
  /** Absent or 0: the port that this folder's server had before, or a free one. */
  port?: number;
  /** False answers before the disk has it: faster, and wrong for anything but a test. */
  syncAlways?: boolean;
  /** Largest message that it takes, bytes; a test's own. */
  maxPayloadBytes?: number;
  /** Most that it stores, bytes; absent: what the disk affords. */
  maxStoreBytes?: number;
  serverName?: string;
  /** As one of several: their routes, all with this server's own among them. */
  cluster?: { name: string; port: number; routes: readonly string[] };
  /** Where it tells of itself over HTTP; absent: nowhere. */
  monitorPort?: number;
  /** The password of every local user; absent: a server without accounts, which anyone may use. */
  passwords?: Readonly<Record<string, string>>;
  /** Absent: one story engine, for every realm. */
  engines?: readonly StoryEngine[];
  /** Absent: `nats.log` in `dir`. */
  logFile?: string;
  /** Called when the server is downloaded. */
  say?: (line: string) => void;
  /** Ends a download half-way. */
  signal?: AbortSignal;
}

export interface LocalServer extends Running {
  /** Without user and password. */
  url: string;
  port: number;
}

/** Whom a local server knows. */
export const LOCAL_USERS: readonly string[] = [...USER_NAMES, STORY_USER];

/** A server's URL for each of its users. */
export const urlsByUser = (
  url: string,
  passwords: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(passwords).map(([user, password]) => [user, withUser(url, user, password)]),
  );

/** Starts a NATS server on 127.0.0.1 and waits until it answers. Throws `LocalSetupError`, `NotReadyError`. */
export async function startNats(options: NatsOptions): Promise<LocalServer> {
  const { spec, url, port } = await natsProcess(options);
  return { ...(await launch(spec)), url, port };
}

/** Writes the server's configuration and tells how to run it. Throws `LocalSetupError`. */
export async function natsProcess(
  options: NatsOptions,
): Promise<{ spec: ProcessSpec; url: string; port: number }> {
  const command = await findNatsServer(options.say, options.signal);
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const port = await portFor(dir, options.port);
  for (const name of await readdir(dir))
    if (name.endsWith(".ports")) await rm(join(dir, name), { force: true });
  if (options.passwords !== undefined && (await carryStore(join(dir, "store"))))
    options.say?.("the streams of an earlier release are carried into the account WORLD");
  const configuration = join(dir, "nats.conf");
  // An earlier release's file was anybody's to read, and a file keeps its mode.
  await rm(configuration, { force: true });
  // JSON is valid in a NATS configuration, and quotes paths safely.
  await writeFile(
    configuration,
    JSON.stringify(
      {
        server_name: options.serverName ?? "local",
        listen: `127.0.0.1:${port}`,
        // Written when the server listens, named for its process: another server on this port is not taken for it.
        ports_file_dir: dir,
        ...(options.monitorPort && { http: `127.0.0.1:${options.monitorPort}` }),
        ...(options.cluster && {
          cluster: {
            name: options.cluster.name,
            listen: `127.0.0.1:${options.cluster.port}`,
            routes: options.cluster.routes,
          },
        }),
        max_payload: options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES,
        jetstream: {
          store_dir: join(dir, "store"),
          max_file_store: options.maxStoreBytes ?? (await storeBytes(dir)),
          max_memory_store: 1024 ** 3,
          limits: { batch: { max_inflight_per_stream: MAX_OPEN_BATCHES } },
          ...(options.syncAlways === false ? {} : { sync_interval: "always" }),
        },
        ...(options.passwords !== undefined && {
          accounts: localAccounts(options.passwords, options.engines ?? [{ name: STORY_USER }]),
        }),
      },
      null,
      2,
    ),
    { mode: 0o600 },
  );
  const spec: ProcessSpec = {
    name: "nats",
    command,
    args: ["--config", configuration],
    logFile: options.logFile ?? join(dir, "nats.log"),
    probe: async (pid) => {
      await access(join(dir, `nats-server_${pid}.ports`));
      return greets(port);
    },
    readyTimeoutMs: 120_000, // A store of many gigabytes is checked before the server listens.
  };
  return { spec, url: `nats://127.0.0.1:${port}`, port };
}

function localAccounts(passwords: Readonly<Record<string, string>>, engines: readonly StoryEngine[]): object {
  return accounts(engines, (user) => {
    const password = passwords[user];
    if (password === undefined) throw new Error(`the NATS user ${user} has no password`);
    return { password };
  });
}

/** True when a NATS server with JetStream greets on this port. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let greeting = "";
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once("error", () => done(false));
    socket.once("close", () => done(false));
    socket.on("data", (chunk) => {
      greeting += chunk;
      if (greeting.includes("\r\n"))
        done(greeting.startsWith("INFO ") && greeting.includes('"jetstream":true'));
    });
  });
}
