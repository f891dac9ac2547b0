import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { Candidate } from "../../shared/contracts/candidate.ts";
import { VARIABLES } from "../../shared/process/env.ts";
import { registry } from "../../shared/process/metrics.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const DOCUMENTS = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));
/** Without code blocks. */
const prose = (file: string): string => read(file).replace(/^```[\s\S]*?^```/gm, "");

test("every relative link of a document leads somewhere, and so does its anchor", () => {
  const anchorsOf = (file: string) =>
    [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
  const broken = DOCUMENTS.flatMap((file) =>
    [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
      if (/^[a-z]+:/.test(link!)) return [];
      const [path = "", anchor] = link!.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, target))) return [`${file}: ${link}`];
      return anchor === undefined || anchorsOf(target).includes(anchor) ? [] : [`${file}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});

test("every path that a document or a comment names in backticks is there", () => {
  const sources = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts", "*.tsx"], {
    cwd: ROOT,
    encoding: "utf8",
  }).split("\n");
  const missing = [...DOCUMENTS, ...sources]
    .filter((file) => existsSync(join(ROOT, file)) && file !== "")
    .flatMap((file) =>
      [
        ...read(file).matchAll(
          /`((?:ingest|normalizer|simulator|broadcaster|shared|ops|fixtures)\/[\w./-]*)`/g,
        ),
      ]
        .map(([, path]) => path!)
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `${file}: ${path}`),
    );
  expect(missing).toEqual([]);
});

test("every npm script that a document names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const unknown = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)]
      .map(([, name]) => name!)
      .filter((name) => !(name in scripts))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test("configuration.md has every variable of the environment and of compose, and no other", () => {
  const text = read("ops/docs/configuration.md");
  const compose = [...read("docker-compose.yml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name!);
  const known = new Set([...VARIABLES, ...compose]);
  expect([...known].filter((name) => !text.includes(name)).sort()).toEqual([]);
  const named = [...text.matchAll(/^\| ([^|]*)\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name!),
  );
  expect(named.filter((name) => !known.has(name) && !name.startsWith("_"))).toEqual([]);
});

test("every metric that a document names is declared", async () => {
  const declared = new Set((await registry.getMetricsAsJSON()).map(({ name }) => name));
  const unknown = DOCUMENTS.flatMap((file) =>
    [...prose(file).matchAll(/`(amoi_(?!migrate|archive`|read|before)[a-z_]*[a-z])(?=[`{])/g)]
      .map(([, name]) => name!)
      .filter((name) => !declared.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test("live-ops.md says every number of a ruleset in words", () => {
  const named = new Set(
    [...read("ops/docs/live-ops.md").matchAll(/`([a-z_.]+)`/g)].flatMap(([, path]) => path!.split(".")),
  );
  // What these hold is named by ids of the realm, or is explained with them.
  const whole = new Set([
    "factions",
    "territories",
    "relics",
    "resources",
    "triggers",
    "base_maximum",
    "source_day",
    "iron_levy",
    "veil_ward",
    "embargo",
  ]);
  const missing: string[] = [];
  const visit = (key: string, value: unknown): void => {
    if (!named.has(key)) missing.push(key);
    if (whole.has(key) || typeof value !== "object" || value === null || Array.isArray(value)) return;
    for (const [inner, of] of Object.entries(value)) visit(inner, of);
  };
  const rules = JSON.parse(read("shared/rulesets/amoi-1.json")) as Record<string, unknown>;
  for (const [key, value] of Object.entries(rules)) visit(key, value);
  expect([...new Set(missing)]).toEqual([]);
});

test("every candidate in a document is one", () => {
  for (const file of DOCUMENTS)
    for (const [, body] of read(file).matchAll(/-d '(\{"v": 1,[\s\S]*?\})'\n/g)) {
      const candidate = JSON.parse(body!.replace(/"'"[^']*"'"/, '"2026-03-01T10:00:00Z"')) as unknown;
      expect(Candidate.safeParse(candidate).error, file).toBeUndefined();
    }
});
