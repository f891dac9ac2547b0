/** The packages that are delivered: what the stages import, and what the pages are built of. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Delivered } from "./notices.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PAGES = ["broadcaster/web", "ingest/web", "shared/web"];

const Locked = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.string().optional(),
  dev: z.boolean().optional(),
  os: z.unknown().optional(),
  cpu: z.unknown().optional(),
});
type Locked = z.infer<typeof Locked>;

const Lock = z.object({ packages: z.record(z.string(), Locked) });
const Manifest = z.object({ version: z.string(), license: z.unknown().optional() });

/** Throws where the folder of a package isn't what package-lock.json says: `npm run setup` mends it. */
export async function deliveredPackages(): Promise<Delivered[]> {
  const { packages } = Lock.parse(JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8")));
  const built = await importedByPages();
  const delivered = Object.entries(packages).filter(
    ([folder, { dev }]) => folder !== "" && (dev !== true || built.has(folder)),
  );
  return await Promise.all(delivered.map(([folder, locked]) => deliveredOf(folder, locked)));
}

async function deliveredOf(folder: string, locked: Locked): Promise<Delivered> {
  const name = locked.name ?? folder.split("node_modules/").at(-1)!;
  const version = locked.version ?? "";
  const common = { name, version, licence: locked.license };
  // Of packages for one platform each, npm installs those of this machine alone; the notices are the same on every machine.
  if (locked.os !== undefined || locked.cpu !== undefined) return { ...common, texts: [] };
  const place = join(ROOT, folder);
  const manifest = await readFile(join(place, "package.json"), "utf8").catch(() => undefined);
  const installed = manifest === undefined ? undefined : Manifest.parse(JSON.parse(manifest));
  if (installed?.version !== version)
    throw new Error(
      `${folder} is ${installed?.version ?? "missing"} where package-lock.json has ${version}: run npm run setup`,
    );
  const licence = locked.license ?? (typeof installed.license === "string" ? installed.license : undefined);
  return { ...common, licence, texts: await textsIn(place) };
}

/** What a package says of its licence, in files of its own or else in its README. */
async function textsIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).sort();
  const read = (names: string[]) => Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  const texts = await read(files.filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)));
  if (texts.length > 0) return texts;
  const readmes = await read(files.filter((name) => /^readme/i.test(name)));
  return readmes.flatMap(
    (readme) => /^#+ licen[cs]e\s*$([\s\S]*?)(?=^#+ |$(?![\s\S]))/im.exec(readme)?.[1] ?? [],
  );
}

/** The folders in node_modules of what the pages import, which a build copies into them. */
async function importedByPages(): Promise<Set<string>> {
  const folders = new Set<string>();
  for (const place of PAGES)
    for (const name of await readdir(join(ROOT, place), { recursive: true })) {
      if (!/\.tsx?$/.test(name) || /\.test\.tsx?$/.test(name)) continue;
      const source = await readFile(join(ROOT, place, name), "utf8");
      for (const [, imported] of source.matchAll(/ from "((?:@[\w.-]+\/)?[\w-][\w.-]*)[^":]*"/g))
        folders.add(`node_modules/${imported}`);
    }
  return folders;
}
