/**
 * A server without accounts keeps its streams in the global account, in the folder `jetstream/$G` of its store. A server with
 * accounts doesn't look there. So before it starts on an earlier release's store, that folder becomes the one of account WORLD: streams
 * keep their sequences, times and creation, since none of their files is touched.
 */
import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LocalSetupError } from "./setup-error.ts";

const GLOBAL = "$G";
/** The account that owns JetStream. */
const OWNER = "WORLD";

/**
 * Carries a store over, while no server runs on it. Answers whether there was anything to carry. Idempotent, and whole or not at all
 * whenever it is broken off: all of it is one rename. `store`: the server's `store_dir`. Throws `LocalSetupError` where both accounts
 * hold streams.
 */
export async function carryStore(store: string): Promise<boolean> {
  const jetstream = join(store, "jetstream");
  const [from, to] = [join(jetstream, GLOBAL), join(jetstream, OWNER)];
  const streams = await streamsIn(from);
  if (streams.length === 0) return false;
  const others = await streamsIn(to);
  if (others.length > 0)
    throw new LocalSetupError(
      `${to} holds ${others.length} streams and ${from} ${streams.length}, so nobody can tell which are the realm's: move the folder that isn't theirs away.`,
    );
  // A server with accounts that was started on this store before left a folder without streams.
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
  const folder = await open(jetstream);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return true;
}

const streamsIn = (account: string): Promise<string[]> =>
  readdir(join(account, "streams")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return [];
  });
