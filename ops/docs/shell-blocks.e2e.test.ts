/** Runs the shell blocks of the documents, in order, against a stack that is started once: what a reader pastes works. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENTS = [
  "README.md",
  "ops/docs/internal-api.md",
  "ops/docs/configuration.md",
  "ops/docs/protocol.md",
];

type Block = { file: string; text: string; skipped: string | undefined };
/** `<!-- not run here: why -->` before a block says why it isn't run. */
const blocksOf = (file: string): Block[] =>
  [
    ...readFileSync(join(ROOT, file), "utf8").matchAll(
      /(?:<!-- not run here: (.*?) -->\s*)?^```sh\n([\s\S]*?)^```/gm,
    ),
  ].map(([, skipped, text]) => ({ file, text: text!, skipped }));

let folder: string;
let stack: ReturnType<typeof spawn>;
let urls: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "documents-"));
  const ports = ["FEED", "INGEST", "NORMALIZER", "SIMULATOR", "BROADCASTER", "ARCHIVE", "PROVISION"].map(
    (name) => [`${name}_PORT`, "0"],
  );
  stack = spawn(process.execPath, [join(ROOT, "ops/local/start.ts")], {
    cwd: ROOT,
    env: { ...process.env, ...Object.fromEntries(ports), DATA_DIR: join(folder, "data"), MODE: "local" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(stack.stdout!, "data")) as [Buffer];
  urls = Object.fromEntries(
    line
      .toString()
      .trim()
      .split(" ")
      .slice(1)
      .map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
}, 120_000);
afterAll(async () => {
  stack.kill("SIGINT");
  await once(stack, "exit");
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test("the shell blocks of the documents do what they say", async () => {
  const blocks = DOCUMENTS.flatMap(blocksOf);
  expect(blocks.filter(({ skipped }) => skipped === undefined).length).toBeGreaterThanOrEqual(3);
  for (const { file, text, skipped } of blocks) {
    if (skipped !== undefined) continue;
    const script = text
      .replaceAll("http://127.0.0.1:8081", urls.internal!)
      .replaceAll("http://127.0.0.1:8080", urls.feed!.replace(/^ws/, "http").replace(/\/feed.*$/, ""));
    const run = promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
      cwd: ROOT,
      timeout: 60_000,
    });
    const failure = await run.then(
      () => undefined,
      (error: Error & { stdout?: string; stderr?: string }) =>
        `${error.message}\n${error.stdout}\n${error.stderr}`,
    );
    expect(failure, `${file}:\n${text}`).toBeUndefined();
  }
}, 120_000);
