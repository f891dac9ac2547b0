/** Runs a command of ours to its end, as npm would. */
import { execFile } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export type Ran = { code: number; out: string; err: string };

/** `entry`: such as `ops/tools/replay/main.ts`. */
export const runCommand = (entry: string, args: string[], env: Record<string, string> = {}): Promise<Ran> =>
  runProgram(process.execPath, [join(ROOT, entry), ...args], {
    cwd: ROOT,
    env: { ...process.env, MODE: "local", ...env },
  });

/** Runs any program to its end. */
export function runProgram(
  program: string,
  args: string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
