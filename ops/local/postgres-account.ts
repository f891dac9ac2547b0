/** The account that runs PostgreSQL, which refuses root. */
import { execFile } from "node:child_process";
import { chown } from "node:fs/promises";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { LocalSetupError } from "./setup-error.ts";

const run = promisify(execFile);

interface Command {
  command: string;
  args: string[];
  uid?: number;
  gid?: number;
}

export interface Account {
  /** Whom the data folder belongs to; absent: whoever runs this. */
  owner?: { uid: number; gid: number };
  /** The command that runs a program under this account, as the same process. */
  as(program: string, args: string[]): Command;
}

/** Throws `LocalSetupError` where this process runs as a user without a name: PostgreSQL makes no data folder for one. */
export function requireUserName(): void {
  try {
    userInfo();
  } catch {
    throw new LocalSetupError(
      `PostgreSQL cannot make a data folder for user ${process.getuid?.()}, whom this machine has no name for: ` +
        "start as a user of /etc/passwd, or set DATABASE_URL.",
    );
  }
}

/**
 * The account that runs `program` with `dir` as its own folder: the user itself or, for root, `postgres`, or `nobody`
 * where there is none. Gives it `dir`. Throws `LocalSetupError` when it has no way there.
 */
export async function accountFor(dir: string, program: string): Promise<Account> {
  if (process.getuid?.() !== 0) return { as: (command, args) => ({ command, args }) };
  const owner = (await lookUp("postgres")) ?? (await lookUp("nobody"));
  if (!owner)
    throw new LocalSetupError("PostgreSQL cannot run as root: start as another user or set DATABASE_URL.");
  await chown(dir, owner.uid, owner.gid);

  const plain: Account = { owner, as: (command, args) => ({ command, args, ...owner }) };
  if (await reaches(plain, dir, program)) return plain;
  // Somewhere under root's home: the one right to pass closed doors comes along, everything else of root is left behind.
  const drop = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups"];
  // Without this bit access(2), by which PostgreSQL looks for its own files, would ignore that right.
  const honour = "--securebits=+no_setuid_fixup";
  const keep = [honour, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"];
  const passing: Account = {
    owner,
    as: (command, args) => ({ command: "setpriv", args: [...drop, ...keep, command, ...args] }),
  };
  if (await reaches(passing, dir, program)) return passing;
  throw new LocalSetupError(
    `PostgreSQL cannot run as root, and the user it runs as cannot reach ${dir} and ${program}: ` +
      "start as another user, move both out of root's home or set DATABASE_URL.",
  );
}

async function reaches(account: Account, dir: string, program: string): Promise<boolean> {
  const { command, args, ...identity } = account.as("test", ["-w", dir, "-a", "-x", program]);
  return run(command, args, identity).then(
    () => true,
    () => false,
  );
}

async function lookUp(user: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, user])));
    return { uid: Number(uid!.stdout), gid: Number(gid!.stdout) };
  } catch {
    return undefined;
  }
}
