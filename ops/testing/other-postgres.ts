/** PostgreSQL as a distribution installs it, for tests: the oldest version that is promised may do things its own way. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { launch } from "../local/launch.ts";
import type { LocalServer } from "../local/nats.ts";
import { pickPort } from "../local/ports.ts";
import { accountFor } from "../local/postgres-account.ts";

const run = promisify(execFile);
const ENVIRONMENT = { LC_ALL: "C", TZ: "UTC" };

/** The folder of version 15's programs where Debian puts them; nothing where they aren't installed. */
export const POSTGRES_15 = ["/usr/lib/postgresql/15/bin"].find((folder) =>
  existsSync(join(folder, "postgres")),
);

/** Starts it in `dir`, with the data that are there; whoever throws it away needs no fsync. */
export async function startOtherPostgres(bin: string, dir: string, port?: number): Promise<LocalServer> {
  const account = await accountFor(dir, join(bin, "postgres"));
  const data = join(dir, "data");
  const passwordFile = join(dir, "password");
  if (!existsSync(data)) {
    await writeFile(passwordFile, randomBytes(16).toString("hex"), { mode: 0o600 });
    await mkdir(data, { mode: 0o700 });
    if (account.owner)
      for (const path of [passwordFile, data]) await chown(path, account.owner.uid, account.owner.gid);
    const { command, args, ...identity } = account.as(join(bin, "initdb"), [
      `--pgdata=${data}`,
      "--username=admin",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--no-locale",
      "--no-sync",
    ]);
    await run(command, args, { cwd: dir, env: ENVIRONMENT, ...identity });
  }
  const chosen = port ?? (await pickPort());
  const settings = {
    port: chosen,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  await rm(join(data, "postmaster.pid"), { force: true });
  const running = await launch({
    name: "postgres",
    ...account.as(join(bin, "postgres"), ["-D", data, ...flags]),
    env: ENVIRONMENT,
    cwd: dir,
    logFile: join(dir, "postgres.log"),
    probe: async (pid) => {
      const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
      return lines[0] === `${pid}` && lines[7]?.trim() === "ready";
    },
    stopSignal: "SIGINT",
  });
  const password = await readFile(passwordFile, "utf8");
  return { ...running, url: `postgres://admin:${password}@127.0.0.1:${chosen}/postgres`, port: chosen };
}
