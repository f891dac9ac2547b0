/**
 * `DATA_DIR/credentials.json`: the addresses of the local servers with user and password, by user. For the owner alone. The
 * launcher writes it; commands take from it what they are entitled to.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeDataDir } from "./data-dir.ts";

const Urls = z.record(z.string(), z.string());
/** `nats`: by user, story engines among them; `postgres`: by role. */
const Credentials = z.object({ nats: Urls.default({}), postgres: Urls.default({}) });
export type Credentials = z.infer<typeof Credentials>;

const fileOf = (dataDir: string) => join(dataDir, "credentials.json");

/** What a data folder holds; empty where there is none, or nothing readable. */
export function readCredentials(dataDir: string): Credentials {
  try {
    return Credentials.parse(JSON.parse(readFileSync(fileOf(dataDir), "utf8")));
  } catch {
    return { nats: {}, postgres: {} };
  }
}

/** Puts these beside those that are there, which give way where the name is the same. */
export function keepCredentials(dataDir: string, given: Partial<Credentials>): Credentials {
  const held = readCredentials(dataDir);
  const merged = {
    nats: { ...held.nats, ...given.nats },
    postgres: { ...held.postgres, ...given.postgres },
  };
  makeDataDir(dataDir);
  const file = fileOf(dataDir);
  writeFileSync(`${file}.next`, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.next`, file);
  return merged;
}

/** A random password of characters that URLs don't encode. */
export const newPassword = (): string => randomBytes(24).toString("base64url");

/** The password in a URL, decoded. */
export function passwordIn(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { password } = new URL(url);
  return password === "" ? undefined : decodeURIComponent(password);
}
