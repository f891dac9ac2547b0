/** `npm run licences`: writes THIRD-PARTY-NOTICES.md anew; with `--check` it only says whether that file is true. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readArguments, runToExit } from "../arguments.ts";
import { noticesOf, refusedLicences } from "./notices.ts";
import { deliveredPackages } from "./packages.ts";

const FILE = "THIRD-PARTY-NOTICES.md";
const PATH = join(import.meta.dirname, "../../..", FILE);

/** Answers the exit code: 1 where a licence is refused, or the file is stale. */
async function main(): Promise<number> {
  const { values } = readArguments({ options: { check: { type: "boolean", default: false } } });
  const packages = await deliveredPackages();
  const refused = refusedLicences(packages);
  for (const sentence of refused) console.error(sentence);
  if (refused.length > 0) return 1;
  const notices = noticesOf(packages);
  if (!values.check) {
    await writeFile(PATH, notices);
    console.log(`written to ${FILE}: ${packages.length} packages`);
    return 0;
  }
  if ((await readFile(PATH, "utf8").catch(() => "")) === notices) return 0;
  console.error(`${FILE} is stale: run npm run licences`);
  return 1;
}

await runToExit(main);
