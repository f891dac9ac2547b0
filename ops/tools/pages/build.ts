/**
 * Builds the pages into `dist/`: the observatory, which the broadcaster serves, and the game master's page, which ingest serves.
 * Only where a source is newer than what was built; as a program (`npm run pages`) it does so at once.
 */
import { mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PAGES, PAGES_DIR } from "../../../shared/process/page-files.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SOURCES = [...Object.values(PAGES).map(({ source }) => source), "shared", "ops/tools/pages"];
const FILES = ["package-lock.json", "tsconfig.web.json"];
/** Written last, so its age is that of a whole build. */
const STAMP = "built";

/** Builds what is stale, and says so. Several processes may do so at once: each swaps in a whole build. */
export async function buildPages(say: (line: string) => void = () => {}): Promise<void> {
  if (await isFresh()) return;
  say("building the pages");
  // Vite takes a third of a second to load, which a fresh build needn't wait for.
  const { build } = await import("vite");
  const made = await mkdtemp(join(ROOT, ".data-pages-"));
  // Vite reads #, ?, % and * in a folder's name as its own signs, so it sees the project under a plain one.
  const plain = await mkdtemp(join(tmpdir(), "amoisekai-pages-"));
  const root = join(plain, "project");
  try {
    await symlink(ROOT, root);
    for (const [name, { source, base }] of Object.entries(PAGES))
      await build({
        configFile: false,
        logLevel: "warn",
        root: join(root, source),
        resolve: { preserveSymlinks: true },
        base,
        oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
        build: {
          outDir: join(made, name),
          emptyOutDir: true,
          target: "es2023",
          modulePreload: false,
          // The pages' policy allows no data: addresses.
          assetsInlineLimit: 0,
        },
      });
    await writeFile(join(made, STAMP), "");
    await swap(made, PAGES_DIR);
  } finally {
    await rm(made, { recursive: true, force: true });
    await rm(plain, { recursive: true, force: true });
  }
}

async function isFresh(): Promise<boolean> {
  const builtMs = await changedMs(join(PAGES_DIR, STAMP));
  if (builtMs === undefined) return false;
  const changed = [
    ...FILES.map((file) => changedMs(join(ROOT, file))),
    ...SOURCES.map((folder) => newestMs(join(ROOT, folder))),
  ];
  return (await Promise.all(changed)).every((sourceMs) => (sourceMs ?? 0) <= builtMs);
}

async function newestMs(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.includes(".test."));
  const changed = await Promise.all(files.map(({ parentPath, name }) => changedMs(join(parentPath, name))));
  return changed.reduce<number>((newest, ms) => Math.max(newest, ms ?? 0), 0);
}

const changedMs = async (file: string): Promise<number | undefined> =>
  (await stat(file).catch(() => undefined))?.mtimeMs;

/** A folder can't be renamed onto a full one, and whoever swaps at the same time has built the same. */
async function swap(made: string, place: string): Promise<void> {
  const old = `${made}-old`;
  await rename(place, old).catch(() => {});
  await rename(made, place).catch(async (error) => {
    if ((await changedMs(join(place, STAMP))) === undefined) throw error;
  });
  await rm(old, { recursive: true, force: true });
}

if (import.meta.main) await buildPages(console.error);
