/** Making the data folder. Node's own `recursive` never returns where a file system takes no folders, such as /proc. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LocalSetupError } from "./setup-error.ts";

/** Makes the folder with all above it that are missing. Throws `LocalSetupError` where it can't be made or isn't a folder. */
export function makeDataDir(dataDir: string): void {
  const missing: string[] = [];
  let folder = resolve(dataDir);
  for (; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  if (!statSync(folder).isDirectory()) throw cannotMake(dataDir, `${folder} is a file`);
  for (const each of missing)
    try {
      mkdirSync(each);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "EEXIST") throw cannotMake(dataDir, `${each}: ${code ?? error}`);
    }
}

const cannotMake = (dataDir: string, why: string): LocalSetupError =>
  new LocalSetupError(
    `The data folder ${dataDir} can't be made (${why}): set DATA_DIR to a folder that this user may write to.`,
  );
