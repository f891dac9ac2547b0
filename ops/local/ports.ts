/** Ports of this machine: which are free, and picking one. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

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
