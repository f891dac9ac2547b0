/**
 * Loads the binary of uWebSockets.js, once it is known to be the one that this release was tested with: it is machine code of
 * somebody else's repack that reads what strangers send. `uws-binaries.json` has the SHA-256 of every file of the locked package.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MAX_HEAD_BYTES } from "./engine.ts";
import HASHES from "./uws-binaries.json" with { type: "json" };

/** The binary isn't the one of the locked package. */
export class WrongBinary extends Error {}
/** The package has no binary for this platform and Node, or the system can't load it. */
export class NoBinary extends Error {}

/** `uws_linux_x64_127.node`: what the package loads here. */
export const BINARY = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
export const binariesDir = (): string =>
  join(dirname(fileURLToPath(import.meta.resolve("uWebSockets.js"))), "bin");

/** Throws `NoBinary` or `WrongBinary`; `dir` and `name`: where the package keeps it. */
export function checkBinary(dir = binariesDir(), name = BINARY): void {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(dir, name));
  } catch {
    throw new NoBinary(`uWebSockets.js has no ${name}`);
  }
  const hash = createHash("sha256").update(bytes).digest("hex");
  const expected = new Map(Object.entries(HASHES)).get(name);
  if (hash !== expected)
    throw new WrongBinary(
      `${name} of uWebSockets.js has the SHA-256 ${hash}, and ${expected ?? "none"} is expected: somebody changed it, or the ` +
        "package isn't the locked one. Install it again with npm ci, or set AMOI_FEED_ENGINE=ws to do without it",
    );
}

/** Throws `NoBinary` or `WrongBinary`. */
export async function loadUws(): Promise<typeof import("uWebSockets.js")> {
  checkBinary();
  // It is read as the binary is loaded. Without it a request has 4 KB for all of its headers.
  process.env.UWS_HTTP_MAX_HEADERS_SIZE = `${MAX_HEAD_BYTES}`;
  try {
    return await import("uWebSockets.js");
  } catch (error) {
    throw new NoBinary(`${BINARY} can't be loaded: ${String(error).split("\n").at(-1)}`);
  }
}
