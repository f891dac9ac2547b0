/** A `DATA_DIR` that an earlier release left, from `fixtures/`. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { accountFor } from "../local/postgres-account.ts";

/** The stores by the engine of the realms in them. */
const STORES = { 1: "store-engine-1.tar.zst" } as const;

/** Unpacks the store that a release of this engine left into `folder`, which is made where it is missing. */
export async function unpackStore(engine: keyof typeof STORES, folder: string): Promise<void> {
  const packed = readFileSync(new URL(`../../fixtures/${STORES[engine]}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["--extract", "--no-same-owner"], { cwd: folder, input: zstdDecompressSync(packed) });
  const postgres = join(folder, "postgres");
  const { owner } = await accountFor(postgres, process.execPath);
  if (owner) execFileSync("chown", ["-R", `${owner.uid}:${owner.gid}`, postgres]);
}
