/**
 * Runs the shell blocks of the documents, in order, against a stack that is started once: what a reader pastes works. They run in a
 * folder of links to the project, so that what a block writes stays there.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENTS = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));

type Block = { file: string; text: string; skipped: string | undefined };
/** `<!-- not run here: why -->` before a block says why it isn't run. */
const blocksOf = (file: string): Block[] =>
  [
    ...readFileSync(join(ROOT, file), "utf8").matchAll(
      /(?:<!-- not run here: (.*?) -->\s*)?^ *```(?:sh|bash)\n([\s\S]*?)^ *```/gm,
    ),
  ].map(([, skipped, text]) => ({ file, text: text!, skipped }));

let folder: string;
let project: string;
let stack: ChildProcess;
let urls: Record<string, string>;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "documents-"));
  project = join(folder, "project");
  await linkProject();
  const ports = ["FEED", "INGEST", "NORMALIZER", "SIMULATOR", "BROADCASTER", "ARCHIVE", "PROVISION"].map(
    (name) => [`${name}_PORT`, "0"],
  );
  env = { ...process.env, ...Object.fromEntries(ports), DATA_DIR: join(folder, "data"), MODE: "local" };
  stack = spawn(process.execPath, [join(ROOT, "ops/local/start.ts")], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(createInterface(stack.stdout!), "line")) as [string];
  const pairs = line.trim().split(" ").slice(1);
  urls = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
}, 120_000);
afterAll(async () => {
  stack.kill("SIGINT");
  await once(stack, "exit");
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Links to all of the project, and its scripts without the installation, which has been done where a test runs. */
async function linkProject(): Promise<void> {
  await mkdir(project);
  for (const entry of readdirSync(ROOT))
    if (!["package.json", ".git", ".env", ".data"].includes(entry))
      await symlink(join(ROOT, entry), join(project, entry));
  const scripts = (await readFile(join(ROOT, "package.json"), "utf8")).replaceAll(
    ". ops/local/setup.sh && ",
    "",
  );
  await writeFile(join(project, "package.json"), scripts);
}

test("every shell block of every document is run here, or says why not", async () => {
  const blocks = DOCUMENTS.flatMap(blocksOf);
  expect(blocks.filter(({ skipped }) => skipped === undefined).length).toBeGreaterThanOrEqual(5);
  for (const { file, text, skipped } of blocks) {
    if (skipped !== undefined) continue;
    const script = text
      .replaceAll("http://127.0.0.1:8081", urls.internal!)
      .replaceAll("http://127.0.0.1:8080", urls.feed!.replace(/^ws/, "http").replace(/\/feed.*$/, ""));
    const run = promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
      cwd: project,
      env,
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
