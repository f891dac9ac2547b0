/** Processes of this machine by number, with what proves that a number still means the same process. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** `ps` writes a start time as the user's language and time zone have it, which may differ from one command to the next. */
const ONE_LANGUAGE = { env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" } };

/**
 * A token that no other process with this number will ever have: the boot and the time the process started.
 * Undefined when there is no such process (a zombie counts as gone).
 */
export async function identityOf(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== "linux")
      return (await run("ps", ["-o", "lstart=", "-p", `${pid}`], ONE_LANGUAGE)).stdout.trim() || undefined;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // After the command in parentheses, which may hold anything: state is the first field, start time the twentieth.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return undefined;
    const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    return `${boot}.${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** The command line of a process, its words joined by spaces; empty when there is no such process. */
export async function commandLineOf(pid: number): Promise<string> {
  try {
    if (process.platform !== "linux")
      return (await run("ps", ["-o", "command=", "-p", `${pid}`])).stdout.trim();
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Sends a signal to a process that may be gone already. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what every caller wants.
  }
}
