import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { STORY_USER, USER_NAMES } from "../../../shared/stream/access.ts";

const ROOT = join(import.meta.dirname, "../../..");
const secrets = {
  AMOI_TOKENS_FILE: "./tokens.json",
  FEED_TOKEN_SECRET: "x".repeat(32),
  POSTGRES_PASSWORD: "x",
  POSTGRES_MIGRATE_PASSWORD: "p@ss/w#rd",
  POSTGRES_ARCHIVE_PASSWORD: "x",
  POSTGRES_READ_PASSWORD: "x",
  ...Object.fromEntries(
    [...USER_NAMES, STORY_USER].map((user) => [
      `NATS_PASSWORD_${user.toUpperCase()}`,
      `p@ss/w#rd $$ ${user}`,
    ]),
  ),
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
    "nats-accounts",
    "nats",
    "postgres",
    "provision",
    "migrate",
    "ingest",
    "normalizer",
    "simulator",
    "archive",
    "broadcaster",
    "proxy",
  ])
    expect(text).toMatch(new RegExp(`^  ${service}:`, "m"));
});

test("every secret of compose is demanded by name", () => {
  const compose = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
  const used = new Set([...compose.matchAll(/\$\{(\w+)(:?[^}]*)\}/g)].map(([, name]) => name!));
  for (const other of [
    "AMOI_PUBLIC_URL",
    "NATS_IMAGE",
    "POSTGRES_IMAGE",
    "PROXY_IMAGE",
    "TLS_DIR",
    "NATS_MEMORY",
  ])
    used.delete(other);
  expect([...used].sort()).toEqual(Object.keys(secrets).sort());
  for (const name of used) {
    const uses = compose.split(`\${${name}`).slice(1);
    expect(
      uses.filter((rest) => !rest.startsWith(":?")),
      name,
    ).toEqual([]);
  }
});

test.skipIf(command === undefined)("compose refuses to start without a secret, by its name", () => {
  expect(() => config({ ...secrets, NATS_PASSWORD_STORY: "" })).toThrow("NATS_PASSWORD_STORY");
});

test("whichever PostgreSQL image runs, its data lies in the named volume and none without a name is made", () => {
  const compose = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
  const service = /^ {2}postgres:\n((?: {4}.*\n)+)/m.exec(compose)![1]!;
  const places = [...service.matchAll(/^ {6}- (?:(\w+):)?(\/[\w/]+)$/gm)].map(([, name, place]) => ({
    name,
    place: place!,
  }));
  // What the images' Dockerfiles declare as VOLUME: up to 17, and from 18 on.
  for (const declared of ["/var/lib/postgresql/data", "/var/lib/postgresql"])
    expect(places.map(({ place }) => place)).toContain(declared);
  const data = /PGDATA: (\S+)/.exec(service)![1]!;
  const around = places.filter(({ place }) => data.startsWith(`${place}/`));
  expect(around.map(({ name }) => name)).toEqual(["postgres"]);
});
