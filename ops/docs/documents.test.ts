import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { CLOSE } from "../../broadcaster/feed/close-codes.ts";
import { CURRENT, PARTS } from "../../broadcaster/reads/catalogue.ts";
import { Candidate } from "../../shared/contracts/candidate.ts";
import { COMMAND_KINDS, isPlayersKind } from "../../shared/contracts/command.ts";
import { INGEST_REASONS, QUARANTINE_REASONS, REJECT_REASONS } from "../../shared/contracts/decision.ts";
import {
  AliveFrame,
  DeltaFrame,
  NoticeFrame,
  PulseFrame,
  ResyncFrame,
  SnapshotFrame,
} from "../../shared/contracts/feed.ts";
import { readEnv, VARIABLES } from "../../shared/process/env.ts";
import { registry } from "../../shared/process/metrics.ts";
import { REFUSAL_REASONS } from "../../shared/stage/refusal.ts";
import { SYSTEM } from "../local/environment.ts";

const ROOT = join(import.meta.dirname, "../..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
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

test("every public read is in the protocol's table", () => {
  const protocol = read("ops/docs/protocol.md");
  const names = [...Object.keys(PARTS), ...Object.keys(CURRENT)];
  expect(names.filter((name) => !protocol.includes(`/${name}\``))).toEqual([]);
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

/** The rows of a document's tables whose first cell is a name in backticks: that name, and the other cells. */
const rowsOf = (file: string): [name: string, ...cells: string[]][] =>
  [...read(file).matchAll(/^\| `([^`|]+)` +\|(.*)\|$/gm)].map(([, name, rest]) => [
    name!,
    ...rest!.split("|").map((cell) => cell.trim()),
  ]);

test("configuration.md has every variable of the environment, the launcher and compose, and no other", () => {
  const compose = [...read("docker-compose.yml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name!);
  const known = [...new Set([...VARIABLES, ...SYSTEM, ...compose])];
  const named = rowsOf("ops/docs/configuration.md").map(([name]) => name);
  expect(named.toSorted()).toEqual(known.toSorted());
});

test("configuration.md has the default of every variable that has one", () => {
  const defaults = Object.entries(readEnv({})).filter(([name]) => name !== "FEED_TOKEN_SECRET");
  expect(defaults.length).toBeGreaterThan(20);
  const rows = new Map(rowsOf("ops/docs/configuration.md").map(([name, , byDefault]) => [name, byDefault]));
  for (const [name, value] of defaults) expect(rows.get(name), name).toBe(`\`${value}\``);
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

/** What the first column of a document's tables names in backticks. */
const firstColumn = (file: string): string[] =>
  [...read(file).matchAll(/^\| ([^|]*)\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );

test("runbook.md has every metric of ours, and every reason why a realm is refused", async () => {
  const named = firstColumn("ops/docs/runbook.md");
  const metrics = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  const ours = metrics.filter((name) => name.startsWith("amoi_"));
  expect([...ours, ...REFUSAL_REASONS].filter((name) => !named.includes(name))).toEqual([]);
});

test("every sentence that runbook.md quotes is one that the code says", () => {
  const sources = execFileSync("git", ["ls-files", "*.ts", ":!*.test.ts"], { cwd: ROOT, encoding: "utf8" })
    .split("\n")
    .filter((file) => file !== "" && existsSync(join(ROOT, file)))
    .map(read)
    .join("\n");
  const sentences = firstColumn("ops/docs/runbook.md").filter((text) => text.includes(" "));
  expect(sentences.length).toBeGreaterThan(10);
  // What stands for a value splits a sentence.
  const said = sentences.flatMap((sentence) => sentence.split(/…|\bN\b/)).map((part) => part.trim());
  expect(said.filter((part) => part.length > 5 && !sources.includes(part))).toEqual([]);
});

test("story-engine.md has every field of a candidate, every reason of a verdict, and no other", () => {
  const named = firstColumn("ops/docs/story-engine.md");
  const verdicts = ["accepted", "quarantined", "rejected"];
  const fields = Object.keys(Candidate.shape);
  const known = [...fields, ...INGEST_REASONS, ...REJECT_REASONS, ...QUARANTINE_REASONS, ...verdicts];
  expect(named.toSorted()).toEqual(known.toSorted());
});

test("internal-api.md has every kind of command with who may give it, and no other", () => {
  const text = read("ops/docs/internal-api.md").split("## Commands")[1] ?? "";
  const named = [...text.matchAll(/^\| `([^`]+)` *\| (\w+)/gm)].map(([, kind, who]) => [kind, who]);
  expect(named).toEqual(COMMAND_KINDS.map((kind) => [kind, isPlayersKind(kind) ? "players" : "operators"]));
});

test("protocol.md has every close code, and every frame of the feed with its fields", () => {
  const text = read("ops/docs/protocol.md");
  const codes = [...text.matchAll(/^\| (4\d\d\d) /gm)].map(([, code]) => Number(code));
  expect(codes).toEqual(
    Object.values(CLOSE)
      .map(({ code }) => code)
      .toSorted(),
  );
  const frames = [SnapshotFrame, DeltaFrame, ResyncFrame, NoticeFrame, PulseFrame, AliveFrame];
  const rows = new Map(rowsOf("ops/docs/protocol.md").map(([name, fields]) => [name, fields]));
  rows.delete("type");
  const named = ({ shape: { type, ...fields } }: (typeof frames)[number]) => [
    type.value,
    Object.keys(fields)
      .map((field) => `\`${field}\``)
      .join(", "),
  ];
  for (const [type, fields] of frames.map(named)) expect(rows.get(type!), type).toBe(fields);
});

test("live-ops.md has every number of a ruleset, with its value in amoi-1", () => {
  const leavesOf = (value: unknown, path: string[] = []): [path: string[], value: unknown][] =>
    // A name in both languages is one value.
    typeof value === "object" && value !== null && !Array.isArray(value) && !("vi" in value)
      ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
      : [[path, value]];
  const leaves = leavesOf(JSON.parse(read("shared/rulesets/amoi-1.json")));
  /** `*` is any one id. */
  const matches = (pattern: string, path: string[]) => {
    const parts = pattern.split(".");
    return parts.length === path.length && parts.every((part, i) => part === "*" || part === path[i]);
  };
  const rows = rowsOf("ops/docs/live-ops.md");
  expect(leaves.map(([path]) => path).filter((path) => !rows.some(([name]) => matches(name, path)))).toEqual(
    [],
  );
  for (const [name, , said] of rows) {
    const values = leaves.filter(([path]) => matches(name, path)).map(([, value]) => value);
    expect(values.length, name).toBeGreaterThan(0);
    if (said === "its map" || said === "three") continue;
    expect(said, name).toBe(
      values.map((value) => (Array.isArray(value) ? value.join(", ") : `${value}`)).join(" / "),
    );
  }
});

test("every candidate in a document is one", () => {
  const bodies = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/-d '(\{"v": 1,[\s\S]*?\})'(?=\s)/g)].map(([, body]) => ({ file, body: body! })),
  );
  expect(bodies.length).toBeGreaterThan(1);
  for (const { file, body } of bodies) {
    const candidate = JSON.parse(body.replace(/"'"[^']*"'"/, '"2026-03-01T10:00:00Z"')) as unknown;
    expect(Candidate.safeParse(candidate).error, file).toBeUndefined();
  }
});

test("every TypeScript block of a document compiles, its imports being the project's own", () => {
  const blocks = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, text]) => ({ file, text: text! })),
  );
  expect(blocks.length).toBeGreaterThan(0);
  // Within the project, so that what the blocks import finds its packages.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache/documents-"));
  try {
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"] }),
    );
    for (const [i, { file, text }] of blocks.entries())
      writeFileSync(
        join(folder, `block-${i}.ts`),
        `// ${file}\n${text.replaceAll('"./', '"../../')}\nexport {};\n`,
      );
    const { status, stdout } = spawnSync(process.execPath, [TSC, "-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
