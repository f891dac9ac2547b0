import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StartedStack, startStack } from "../testing/started-stack.ts";

let stack: StartedStack;
beforeAll(async () => {
  stack = await startStack({ TICK_SECONDS: "3" });
}, 120_000);
afterAll(() => stack.stop(), 60_000);

async function run(command: string, args: string[]): Promise<string> {
  const { world: WORLD_URL, internal: INTERNAL_URL, nats: NATS_URL } = stack;
  const env = { ...process.env, WORLD_URL, INTERNAL_URL, NATS_URL };
  const cwd = join(import.meta.dirname, "../..");
  return (await promisify(execFile)(command, args, { cwd, env, timeout: 40_000 })).stdout;
}

test.each([
  ["curl", "sh", ".sh", /"event_id"/, /"type":"delta"/],
  ["node", process.execPath, ".mjs", /is on disk as message \d+/, /delta of tick \d+, hash [0-9a-f]{64}/],
])(
  "the examples for %s publish a candidate, see the next tick and read the world",
  async (folder, command, end, published, followed) => {
    const example = (name: string) => run(command, [`ops/examples/${folder}/${name}${end}`]);
    expect(await example("candidate")).toMatch(published);
    expect(await example("feed")).toMatch(followed);
    expect(await example("world")).toMatch(/"controllers"[\s\S]*"events"/);
  },
);
