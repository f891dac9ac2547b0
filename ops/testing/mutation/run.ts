/** Runs the pure tests against mutants of the cores, each in a copy of the tree. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** What the pure tests load. */
const COPIED = [
  "ingest",
  "normalizer",
  "simulator",
  "broadcaster",
  "shared",
  "ops",
  "fixtures",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];
/** Where each core's pure tests are. */
const TESTS = {
  normalizer: ["normalizer/", "shared/judgement/"],
  simulator: [
    "simulator/steps/",
    "simulator/commands/",
    "simulator/notices/",
    "simulator/duties/",
    "simulator/tick.",
    "simulator/status-tick.",
    "simulator/golden/",
    "shared/world/",
  ],
};
/** A mutant that keeps the tests from ending is noticed too. */
const TIMEOUT_MS = 300_000;
const WORKERS = 2;

export type MutantResult = Mutant & { killed: boolean; ms: number };

/** Two at a time, each in a tree of its own. Calls `told` after each mutant. */
export async function runMutants(
  mutants: readonly Mutant[],
  told: (result: MutantResult) => void = () => {},
): Promise<MutantResult[]> {
  const waiting = [...mutants];
  const results: MutantResult[] = [];
  await Promise.all(
    Array.from({ length: WORKERS }, () =>
      inCopy(async (tree) => {
        for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
          const result = await runMutant(tree, mutant);
          results.push(result);
          told(result);
        }
      }),
    ),
  );
  return results;
}

async function inCopy(use: (tree: string) => Promise<void>): Promise<void> {
  const tree = await mkdtemp(join(tmpdir(), "mutants-"));
  try {
    for (const name of COPIED) await cp(join(ROOT, name), join(tree, name), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"));
    await use(tree);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function runMutant(tree: string, mutant: Mutant): Promise<MutantResult> {
  const file = join(tree, mutant.file);
  const text = await readFile(file, "utf8");
  const startedMs = performance.now();
  await writeFile(file, mutated(text, mutant));
  const killed = !(await passes(tree, mutant));
  await writeFile(file, text);
  return { ...mutant, killed, ms: performance.now() - startedMs };
}

const mutated = (text: string, { of, to }: Mutant): string =>
  text
    .split("\n")
    .map((line) => (line.trim() === of ? line.replace(of, () => to) : line))
    .join("\n");

/** Whether the tests pass: those beside the file, then the core's unit tests, then its properties. */
async function passes(tree: string, { file }: Mutant): Promise<boolean> {
  const core =
    file.startsWith("normalizer") || file.startsWith("shared/judgement") ? "normalizer" : "simulator";
  const tests = await testsOf(tree, TESTS[core]);
  const beside = `${file.slice(0, -".ts".length)}.`;
  const properties = tests.filter((test) => test.endsWith(".property.test.ts"));
  const units = tests.filter((test) => !properties.includes(test));
  for (const files of [tests.filter((test) => test.startsWith(beside)), units, properties])
    if (!(await vitest(tree, files))) return false;
  return true;
}

/** Pure tests under paths that begin with one of `places`. */
async function testsOf(tree: string, places: readonly string[]): Promise<string[]> {
  const folders = [...new Set(places.map((place) => place.slice(0, place.lastIndexOf("/"))))];
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(tree, folder), { recursive: true })).map((name) => `${folder}/${name}`),
    ),
  );
  return [...new Set(found.flat())].filter(
    (file) =>
      file.endsWith(".test.ts") &&
      !/\.(e2e|slow)\.test\.ts$/.test(file) &&
      places.some((place) => file.startsWith(place)),
  );
}

const vitest = (tree: string, files: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    if (files.length === 0) return resolve(true);
    const args = ["run", "--project=all", "--bail=1", "--no-isolate", "--maxWorkers=1", ...files];
    execFile(
      process.execPath,
      [join(tree, "node_modules/vitest/vitest.mjs"), ...args],
      { cwd: tree, timeout: TIMEOUT_MS, env: { ...process.env, TEST_SLOW: "", FUZZ_CASES: undefined } },
      (error) => resolve(error === null),
    );
  });
