/** What every command does with its command line: what is wrong with it is told in one sentence, with exit code 2. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { Id } from "../../shared/contracts/ids.ts";

/** Something on the command line is wrong; exit code 2. */
export class UsageError extends Error {}

/** Node's `parseArgs`; throws `UsageError`. */
export function readArguments<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(". ")[0]}; --help tells how`);
  }
}

export function realmOf(text: string | undefined): string {
  if (text !== undefined && Id.safeParse(text).success) return text;
  throw new UsageError("--realm needs the id of a realm, such as amoi-1; --help tells how");
}

/** `name`: as a person wrote it, such as `--weeks`. Up to nine digits. */
export function wholeNumber(name: string, text: string, least = 1): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new UsageError(`${name} needs a whole number, ${least} or more, not ${text}`);
  return Number(text);
}

/** Of `A..B` every seed from A to B, of `N` that one. */
export function seedsOf(text: string): number[] {
  const [, from, to = from] = /^(\d{1,6})(?:\.\.(\d{1,6}))?$/.exec(text) ?? [];
  const count = Number(to) - Number(from) + 1;
  if (!(count >= 1)) throw new UsageError(`seeds are N or A..B, not ${text}`);
  return Array.from({ length: count }, (_, i) => Number(from) + i);
}

/** Runs a command to its exit code: what `main` answers, 2 when the arguments are wrong, 1 when anything else fails. */
export async function runToExit(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
