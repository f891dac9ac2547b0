/** `DATA_DIR/credentials.json`: who may do what on the local stack's servers, a URL with its password for each. Its owner alone reads it. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Urls = z.record(z.string(), z.string());
const Credentials = z.object({ nats: Urls.optional(), postgres: Urls.optional() });
export type Credentials = z.infer<typeof Credentials>;

const fileOf = (dataDir: string): string => join(dataDir, "credentials.json");

/** What is known; nothing where there is no such file, or none that can be read. */
export function readCredentials(dataDir: string): Credentials {
  try {
    return Credentials.parse(JSON.parse(readFileSync(fileOf(dataDir), "utf8")));
  } catch {
    return {};
  }
}

/** Puts one server's URLs in the place of those that were known. */
export function keepCredentials(dataDir: string, part: Credentials): void {
  const file = fileOf(dataDir);
  const all = { ...readCredentials(dataDir), ...part };
  writeFileSync(`${file}.next`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.next`, file);
}
