/** Runs the pure tests against mutants of the cores, each in a copy of the tree. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
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
/** The pure tests of each core, quick ones first: those that a mutant survives are followed by the properties. */
const TESTS = {
  normalizer: ["normalizer/judge", "normalizer/commands", "normalizer/state", "shared/judgement"],
  simulator: [
    "simulator/steps",
    "simulator/commands",
    "simulator/tick.test.ts",
    "simulator/status-tick.test.ts",
    "simulator/golden",
    "shared/world",
  ],
};
const TIMEOUT_MS = 300_000;

export type MutantResult = Mutant & { killed: boolean; ms: number };

/** Calls `told` after each mutant. */
export async function runMutants(
  mutants: readonly Mutant[],
  told: (result: MutantResult) => void = () => {},
): Promise<MutantResult[]> {
  const tree = await mkdtemp(join(tmpdir(), "mutants-"));
  try {
    for (const name of COPIED) await cp(join(ROOT, name), join(tree, name), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(tree, "node_modules"));
    const results: MutantResult[] = [];
    for (const mutant of mutants) {
      const file = join(tree, mutant.file);
      const text = await readFile(file, "utf8");
      const startedMs = performance.now();
      await writeFile(file, mutated(text, mutant));
      const killed = !(await passes(tree, mutant));
      await writeFile(file, text);
      const result = { ...mutant, killed, ms: performance.now() - startedMs };
      results.push(result);
      told(result);
    }
    return results;
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

const mutated = (text: string, { of, to }: Mutant): string =>
  text
    .split("\n")
    .map((line) => (line.trim() === of ? line.replace(of, () => to) : line))
    .join("\n");

/** Whether the tests pass: the unit tests, and then the properties too. */
async function passes(tree: string, { file }: Mutant): Promise<boolean> {
  const of =
    file.startsWith("normalizer") || file.startsWith("shared/judgement") ? "normalizer" : "simulator";
  return (
    (await vitest(tree, [...TESTS[of], "--exclude", "**/*.property.test.ts"])) &&
    (await vitest(tree, [...TESTS[of].map((folder) => folder.replace(/\.test\.ts$/, ".property.test.ts"))]))
  );
}

const vitest = (tree: string, args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const vitestArgs = ["run", "--project", "all", "--bail", "1", "--exclude", "**/*.e2e.test.ts", ...args];
    execFile(
      process.execPath,
      [join(tree, "node_modules/vitest/vitest.mjs"), ...vitestArgs],
      { cwd: tree, timeout: TIMEOUT_MS, env: { ...process.env, TEST_SLOW: "", FUZZ_CASES: undefined } },
      (error) => resolve(error === null),
    );
  });
