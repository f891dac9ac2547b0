import { copyFileSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProgram } from "../testing/run-command.ts";

const ROOT = join(import.meta.dirname, "../..");
const SETUP = join(ROOT, "ops/local/install.sh");
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amoisekai-setup-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A project's folder without packages, and a registry that nobody serves. */
function project(name: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(ROOT, file), join(place, file));
  return place;
}

const setup = (cwd: string, env: Record<string, string> = {}) =>
  runProgram("sh", [SETUP], {
    cwd,
    env: {
      ...process.env,
      npm_config_registry: "http://127.0.0.1:9/",
      npm_config_cache: join(folder, "cache"),
      ...env,
    },
  });

test("without a network the setup ends in one sentence that says so, and lets go of its lock", async () => {
  const place = project("clone");
  const { code, err } = await setup(place);
  expect(err).toMatch(
    /\nThe npm packages could not be installed, because the npm registry is out of reach \(ECONN/,
  );
  expect(code).toBe(1);
  expect(readdirSync(join(place, ".cache"))).not.toContain("setup.lock");
});

test("a missing folder for temporary files, and a project's folder that Node can't run in, are named", async () => {
  const missing = await setup(project("clone"), { TMPDIR: join(folder, "missing") });
  expect(missing).toMatchObject({
    code: 1,
    err: expect.stringContaining(`The folder for temporary files, ${join(folder, "missing")}, is missing`),
  });
  const place = project("back\\slash");
  expect(await setup(place)).toMatchObject({ code: 1, err: expect.stringContaining(`out of ${place}.`) });
});

test("an installed project is left alone until package-lock.json says something else", async () => {
  const place = project("clone");
  mkdirSync(join(place, "node_modules"));
  copyFileSync(join(place, "package-lock.json"), join(place, "node_modules/.installed-lock.json"));
  expect(await setup(place)).toEqual({ code: 0, out: "", err: "" });
  writeFileSync(join(place, "package-lock.json"), "{}");
  expect((await setup(place)).err).toMatch(/^installing the npm packages/);
});

test("the lock of a setup that was killed does not hold up the next one", async () => {
  const place = project("clone");
  mkdirSync(join(place, ".cache"));
  symlinkSync("4194303", join(place, ".cache/setup.lock"));
  expect(readlinkSync(join(place, ".cache/setup.lock"))).toBe("4194303");
  expect((await setup(place)).err).toMatch(/^installing the npm packages/);
});
