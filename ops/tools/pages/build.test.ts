import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PAGES_DIR, pageFiles } from "../../../shared/process/page-files.ts";
import { buildPages } from "./build.ts";

test("both pages are built once, and what is fresh is left alone", async () => {
  await buildPages();
  const said: string[] = [];
  const startedMs = performance.now();
  await buildPages((line) => said.push(line));
  expect(said).toEqual([]);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(existsSync(join(PAGES_DIR, "built"))).toBe(true);
});

test("a page's files are served below its own path, and its entry at that path itself", async () => {
  await buildPages();
  for (const [name, base] of [
    ["observatory", "/"],
    ["gm", "/gm/"],
  ] as const) {
    const paths = pageFiles(name).map(({ path }) => path);
    expect(paths).toContain(base);
    expect(paths.every((path) => path.startsWith(base))).toBe(true);
    const entry = pageFiles(name).find(({ path }) => path === base)!;
    for (const [, asset] of entry.body.matchAll(/(?:src|href)="(\/[^"]*assets\/[^"]+)"/g))
      expect(paths).toContain(asset);
  }
});
