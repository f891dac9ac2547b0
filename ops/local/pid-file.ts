/**
 * `pids.json` of a data folder: every process of the stack that runs on it. Beside it `supervised.json` proves whose the
 * numbers are, so that a launcher can end what a killed one left behind, and nothing else; it is also the lock that
 * keeps two launchers off one folder.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { makeDataDir } from "./data-dir.ts";
import { identityOf, signalTo } from "./processes.ts";
import { LocalSetupError } from "./setup-error.ts";

const Entries = z.record(z.string(), z.object({ pid: z.int(), identity: z.string() }));
type Entries = z.infer<typeof Entries>;

/** How long a process of a dead launcher may take to end by itself, ms. */
const LEFTOVER_GRACE_MS = 2_000;

export interface PidFile {
  /** Notes a process that has just started; a process that is gone already is left out. */
  add(name: string, pid: number): Promise<void>;
  remove(name: string): void;
  /** Every process by name, the launcher among them. */
  pids(): Record<string, number>;
  /** Removes both files: the stack is down. */
  close(): void;
}

/**
 * Takes the data folder for this process as its `launcher`, and ends what a killed launcher left there.
 * Throws `LocalSetupError` when another launcher is at work on it.
 */
export async function claimDataDir(dataDir: string, say: (line: string) => void): Promise<PidFile> {
  const [pidsFile, lockFile] = [join(dataDir, "pids.json"), join(dataDir, "supervised.json")];
  makeDataDir(dataDir);
  const entries: Entries = {
    launcher: { pid: process.pid, identity: (await identityOf(process.pid)) ?? "" },
  };
  const pids = (): Record<string, number> =>
    Object.fromEntries(Object.entries(entries).map(([name, { pid }]) => [name, pid]));

  for (const own = `${lockFile}.${process.pid}`; ; ) {
    writeFileSync(own, JSON.stringify(entries), { mode: 0o600 });
    try {
      // A link appears with its content or not at all, and only where there is none.
      linkSync(own, lockFile);
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      await endLeftovers(lockFile, dataDir, say);
      rmSync(lockFile, { force: true });
    } finally {
      rmSync(own, { force: true });
    }
  }

  const save = (): void => {
    // First the proof, then the names: a name without a proof would never be ended.
    replaceFile(lockFile, JSON.stringify(entries));
    replaceFile(pidsFile, `${JSON.stringify(pids(), null, 2)}\n`);
  };
  save();
  return {
    async add(name, pid) {
      const identity = await identityOf(pid);
      if (identity === undefined) return;
      entries[name] = { pid, identity };
      save();
    },
    remove(name) {
      delete entries[name];
      save();
    },
    pids,
    close() {
      rmSync(pidsFile, { force: true });
      rmSync(lockFile, { force: true });
    },
  };
}

async function endLeftovers(lockFile: string, dataDir: string, say: (line: string) => void): Promise<void> {
  const alive = Object.entries(await livingEntries(lockFile));
  const launcher = alive.find(([name]) => name === "launcher");
  if (launcher)
    throw new LocalSetupError(
      `Another launcher (process ${launcher[1].pid}) runs on ${dataDir}: end it, or set DATA_DIR to another folder.`,
    );
  if (alive.length === 0) return;
  say(
    `ending what an earlier launcher left behind: ${alive.map(([name, { pid }]) => `${name} (${pid})`).join(", ")}`,
  );
  for (const [, { pid }] of alive) signalTo(pid, "SIGTERM");
  const deadline = performance.now() + LEFTOVER_GRACE_MS;
  while (performance.now() < deadline && Object.keys(await livingEntries(lockFile)).length > 0)
    await sleep(20);
  for (const { pid } of Object.values(await livingEntries(lockFile))) signalTo(pid, "SIGKILL");
  while (Object.keys(await livingEntries(lockFile)).length > 0) await sleep(20);
}

/** Those processes of the file that are still the ones it means. */
async function livingEntries(lockFile: string): Promise<Entries> {
  const living: Entries = {};
  for (const [name, entry] of Object.entries(readEntries(lockFile)))
    if ((await identityOf(entry.pid)) === entry.identity) living[name] = entry;
  return living;
}

function readEntries(lockFile: string): Entries {
  try {
    return Entries.parse(JSON.parse(readFileSync(lockFile, "utf8")));
  } catch {
    // Gone, or cut short by a power cut: then nothing of that time lives either.
    return {};
  }
}

function replaceFile(file: string, content: string): void {
  const next = `${file}.next`;
  writeFileSync(next, content, { mode: 0o600 });
  renameSync(next, file);
}
