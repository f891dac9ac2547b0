/**
 * How much a NATS server of the stack's own may store: below the free disk space, since nats-server answers no request on a full
 * disk.
 */
import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

/** Of the disk's free space, what the store may take: Postgres, logs and the machine need room too. */
const OF_FREE_BP = 8_000;
const LARGEST_BYTES = 64 * 1_024 ** 3;
const SMALLEST_BYTES = 64 * 1_024 ** 2;
/** So many realms have room for what each reserves, and the rest of the store for what all of them keep. */
const REALMS = 256;

/** `max_file_store` for a store in `dir`, bytes: what is there already, and most of what is free. */
export async function storeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  const free = Math.floor((bavail * bsize * OF_FREE_BP) / 10_000);
  return Math.max(SMALLEST_BYTES, Math.min(LARGEST_BYTES, (await bytesIn(dir)) + free));
}

/** What RAW of one realm may reserve in such a store, bytes; `wanted` where that is less. */
export const rawBytes = (store: number, wanted: number): number =>
  Math.max(1_048_576, Math.min(wanted, Math.floor(store / REALMS)));

async function bytesIn(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  return bytes;
}
