/** The examples whose packages are fetched: where Python, Go or their registries don't answer, the tests say so and are skipped. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StartedStack, startStack } from "../testing/started-stack.ts";

let stack: StartedStack;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "examples-"));
  stack = await startStack({ TICK_SECONDS: "3" });
}, 120_000);
afterAll(async () => {
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Prepares a language; a reason where it isn't there. */
function missing(prepare: () => void): string | undefined {
  try {
    prepare();
    return undefined;
  } catch (error) {
    return String(error).split("\n")[0];
  }
}

async function run(command: string, args: string[], cwd: string): Promise<string> {
  const { world: WORLD_URL, nats: NATS_URL } = stack;
  const env = { ...process.env, WORLD_URL, NATS_URL };
  return (await promisify(execFile)(command, args, { cwd, env, timeout: 120_000 })).stdout;
}

async function works(example: (name: string) => Promise<string>): Promise<void> {
  expect(await example("candidate")).toMatch(/is on disk as message \d+/);
  expect(await example("feed")).toMatch(/delta of tick \d+, hash [0-9a-f]{64}/);
  expect(await example("world")).toMatch(/"controllers"[\s\S]*"events"/);
}

test("the examples for Python publish a candidate, see the next tick and read the world", async (context) => {
  const python = join(folder, "venv/bin/python");
  const pip = ["-m", "pip", "install", "-q"];
  const reason = missing(() => {
    execFileSync("python3", ["-m", "venv", join(folder, "venv")], { stdio: "pipe" });
    // Any version tells whether the registry answers; what is pinned has to be there then.
    execFileSync(python, [...pip, "msgpack"], { stdio: "pipe" });
  });
  if (reason !== undefined) {
    console.warn(`the examples for Python are not tried: ${reason}`);
    return context.skip();
  }
  execFileSync(python, [...pip, "-r", join(import.meta.dirname, "python/requirements.txt")], {
    stdio: "pipe",
  });
  await works((name) => run(python, [join(import.meta.dirname, `python/${name}.py`)], folder));
});

test("the examples for Go publish a candidate, see the next tick and read the world", async (context) => {
  const cwd = join(import.meta.dirname, "go");
  const go = [process.env.GO, "go", "/usr/local/go/bin/go"].find(
    (each) =>
      each !== undefined && missing(() => execFileSync(each, ["version"], { stdio: "pipe" })) === undefined,
  );
  const reason =
    go === undefined
      ? "there is no go"
      : missing(() => execFileSync(go, ["mod", "download"], { cwd, stdio: "pipe" }));
  if (reason !== undefined) {
    console.warn(`the examples for Go are not tried: ${reason}`);
    return context.skip();
  }
  execFileSync(go!, ["build", "-o", `${folder}/`, "./..."], { cwd, stdio: "pipe" });
  await works((name) => run(join(folder, name), [], folder));
});
