/** A whole local stack as `npm start` runs it, on free ports and in a folder of its own, for tests of what users paste. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../..");
const PORTS = ["FEED", "INGEST", "NORMALIZER", "SIMULATOR", "BROADCASTER", "ARCHIVE", "PROVISION"];

export type StartedStack = {
  /** Of the public port, `http://…`. */
  world: string;
  internal: string;
  /** For the user `story`. */
  nats: string;
  /** Ends the stack and removes its folder. */
  stop(): Promise<void>;
};

/** `settings`: of the environment besides, such as `TICK_SECONDS`. Rejects where the stack ends before it is ready. */
export async function startStack(settings: Record<string, string> = {}): Promise<StartedStack> {
  const folder = await mkdtemp(join(tmpdir(), "started-stack-"));
  const free = Object.fromEntries(PORTS.map((name) => [`${name}_PORT`, "0"]));
  const child = spawn(process.execPath, [join(ROOT, "ops/local/start.ts")], {
    cwd: ROOT,
    env: { ...process.env, ...free, MODE: "local", DATA_DIR: join(folder, "data"), ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said += data.toString();
  });
  const stop = async () => {
    child.kill("SIGINT");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const ready = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const [line] = await Promise.race([
    ready,
    exited.then(() => {
      throw new Error(`the stack ended before it was ready: ${said}`);
    }),
  ]);
  const urls = Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, url]) => [name!, url!]));
  const world = new URL(urls.feed!.replace(/^ws/, "http")).origin;
  return { world, internal: urls.internal!, nats: urls.nats!, stop };
}
