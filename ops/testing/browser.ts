/** A real Chromium for tests of the pages: the system's own, since none is downloaded. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Its path; `undefined` where there is none, which is said loudly: what a page does stays untested then. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
  if (found === undefined)
    console.warn(
      "\n*** NO CHROMIUM ON PATH: THE PAGES ARE NOT TESTED. Debian: apt-get install chromium ***\n",
    );
  return found;
}

export const openBrowser = (executablePath: string): Promise<Browser> =>
  // Within a container root has no sandbox; the pages under test are our own.
  chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
