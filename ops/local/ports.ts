/** Ports of this machine: which are free, and picking one. */
import { randomInt } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

// Below the range that outgoing connections draw from (32 768 and up on Linux, higher elsewhere): a port picked here
// stays free while its process is down for a restart.
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;

/** True when a server could listen on `port` of `host` now. */
export async function portIsFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** A free port of `host`, at random, so that stacks and tests that start together do not meet. */
export async function pickPort(host = "127.0.0.1"): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await portIsFree(port, host)) return port;
  }
  throw new Error(`no free port found between ${FIRST_PORT} and ${LAST_PORT} on ${host}`);
}

/**
 * The port for a server that lives in folder `dir`: `wanted`, or where that is absent or 0, the one it had before if that is
 * free, or any free one. Remembered in the folder, so that its URL stays the same from start to start.
 */
export async function portFor(dir: string, wanted?: number): Promise<number> {
  const file = join(dir, "port");
  const before = Number(await readFile(file, "utf8").catch(() => ""));
  const port = wanted || (before > 0 && (await portIsFree(before)) ? before : await pickPort());
  await writeFile(file, `${port}\n`);
  return port;
}
