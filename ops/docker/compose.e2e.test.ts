import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const secrets = {
  INTERNAL_TOKEN: "x".repeat(16),
  FEED_TOKEN_SECRET: "x".repeat(32),
  POSTGRES_PASSWORD: "x",
};
const command = [["docker-compose"], ["docker", "compose"]].find(
  ([file, ...args]) => spawnSync(file!, [...args, "version"]).status === 0,
);
if (command === undefined)
  console.warn("neither docker-compose nor docker compose is here: docker-compose.yml is not checked");

const config = (env: Record<string, string>) =>
  execFileSync(command![0]!, [...command!.slice(1), "config"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

test.skipIf(command === undefined)("docker-compose.yml is valid and runs every stage", () => {
  const text = config(secrets);
  for (const service of [
    "nats",
    "postgres",
    "provision",
    "ingest",
    "normalizer",
    "simulator",
    "archive",
    "broadcaster",
  ])
    expect(text).toMatch(new RegExp(`^  ${service}:`, "m"));
});

test.skipIf(command === undefined)("compose refuses to start without its secrets, by name", () => {
  for (const name of Object.keys(secrets))
    expect(() => config({ ...secrets, [name]: "" }), name).toThrow(name);
});
