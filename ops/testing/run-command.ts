/** Runs a command of ours to its end, as npm would. */
import { execFile } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export type Ran = { code: number; out: string; err: string };

/** `entry`: such as `ops/replay/main.ts`. */
export function runCommand(entry: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { ...process.env, MODE: "local", ...env } };
    const child = execFile(process.execPath, [join(ROOT, entry), ...args], options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
