/**
 * Finds a nats-server, which no npm package brings: one on PATH, the one fetched before, or Debian's package,
 * unpacked into this project's cache with nothing installed on the system.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { satisfies } from "semver";
import { LocalSetupError } from "./setup-error.ts";

const run = promisify(execFile);

/** Atomic batches that roll up and fence, as `shared/` relies on them, came with this version. */
export const MINIMUM_NATS_VERSION = "2.14.4";
const CACHE_DIR = fileURLToPath(new URL("../../.cache/nats-server/", import.meta.url));
const ABANDONED_MS = 600_000;
/** How often a download says that it goes on. */
const PROGRESS_MS = 5_000;
const THREE_WAYS =
  `set NATS_URL to a running one, put nats-server ${MINIMUM_NATS_VERSION} or newer on PATH, ` +
  "or start on Debian or Ubuntu with its package mirror within reach";

/** Whether a server of this version (`2.15.1`, `v2.15.0-RC.1`) will do; any other text is refused. */
export const isNewEnough = (version: string): boolean =>
  satisfies(version, `>=${MINIMUM_NATS_VERSION}`, { includePrerelease: true });

/**
 * The command of a nats-server that is new enough: a name on PATH or an absolute path.
 * `say` is told of the download, which happens once a clone. Throws `LocalSetupError`.
 */
export async function findNatsServer(
  say: (line: string) => void = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const onPath = await versionOf("nats-server");
  if (onPath && isNewEnough(onPath)) return "nats-server";
  const cached = join(CACHE_DIR, "nats-server");
  const before = await versionOf(cached);
  if (before && isNewEnough(before)) return cached;
  const startedMs = performance.now();
  const progress = setInterval(() => {
    say(`fetching nats-server: ${Math.round((performance.now() - startedMs) / 1_000)} s`);
  }, PROGRESS_MS);
  try {
    say("fetching nats-server from the Debian mirror, once");
    await fetchFromDebian(cached, signal);
    return cached;
  } catch (error) {
    signal?.throwIfAborted();
    const found = onPath ? `the nats-server ${onPath} on PATH is too old` : "there is no nats-server on PATH";
    const why = error instanceof Error ? error.message : String(error);
    throw new LocalSetupError(
      `No usable nats-server: ${found} and fetching it failed (${why}); ${THREE_WAYS}.`,
    );
  } finally {
    clearInterval(progress);
  }
}

async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, ["--version"], { timeout: 10_000 });
    return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Several processes may fetch at once: each works in a folder of its own and renames the finished file into place. */
async function fetchFromDebian(target: string, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(CACHE_DIR, { recursive: true });
  for (const name of await readdir(CACHE_DIR)) {
    const path = join(CACHE_DIR, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    // Ctrl-C during an earlier download left it; a younger one may be at work in another process.
    if (name.startsWith("fetch-") && mtimeMs < Date.now() - ABANDONED_MS)
      await rm(path, { recursive: true, force: true });
  }
  const work = await mkdtemp(join(CACHE_DIR, "fetch-"));
  try {
    const failures: string[] = [];
    for (const archive of await archives()) {
      const problem = await fetchFrom(archive, work, target, signal);
      if (problem === undefined) return;
      failures.push(problem);
    }
    throw new Error(failures[0] ?? "this machine is set up with no Debian mirror");
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Archive {
  uri: string;
  suite: string;
  component: string;
}

/** Where apt on this machine gets its packages from, as archives that may hold a newer nats-server. */
async function archives(): Promise<Archive[]> {
  // Without ReleaseInfo apt tells its mirrors even when no list was ever downloaded, as in a fresh container.
  const query = ["-o", "APT::Get::IndexTargets::ReleaseInfo=no", "indextargets", "--format", "$(REPO_URI)"];
  const { stdout } = await run("apt-get", [...query, "Created-By: Packages"], { timeout: 30_000 }).catch(
    () => {
      throw new Error("there is no working apt-get here");
    },
  );
  const uris = [...new Set(stdout.split("\n").filter((uri) => uri !== "" && !uri.includes("security")))];
  const debian = uris.filter((uri) => /\/debian\/(\d{8}T\d{6}Z\/)?$/.test(uri));
  const ubuntu = uris.filter((uri) => /\/ubuntu(-ports)?\/(\d{8}T\d{6}Z\/)?$/.test(uri));
  const mirrorLists = uris.filter((uri) => uri.startsWith("mirror") && !ubuntu.includes(uri));
  return [
    ...[...debian, ...mirrorLists].map((uri) => ({ uri: today(uri), suite: "forky", component: "main" })),
    ...ubuntu.map((uri) => ({ uri: today(uri), suite: "devel", component: "universe" })),
  ];
}

/** A snapshot archive answers any date with its newest state before it; a date of long ago has no new package. */
function today(uri: string): string {
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return uri.replace(/\d{8}T\d{6}Z/, now);
}

/** Downloads, checks and moves the server into place. Answers what went wrong, if anything did. */
async function fetchFrom(
  archive: Archive,
  work: string,
  target: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const apt = await privateApt(archive, work);
  try {
    const options = { cwd: work, timeout: 180_000, ...(signal && { signal }) };
    await run("apt-get", ["-c", apt, "update"], options);
    await run("apt-get", ["-c", apt, "download", "nats-server"], options);
    const packages = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    await run("dpkg", ["-x", join(work, packages[0] ?? "nothing.deb"), join(work, "unpacked")]);
    const places = ["usr/sbin/nats-server", "usr/bin/nats-server"].map((path) =>
      join(work, "unpacked", path),
    );
    const server = places.find((path) => existsSync(path)) ?? places[0]!;
    await chmod(server, 0o755);
    const version = await versionOf(server);
    if (!version) return `${archive.suite}'s nats-server does not run here`;
    if (!isNewEnough(version)) return `${archive.suite} has nats-server ${version} only`;
    await rename(server, target);
    return undefined;
  } catch {
    return `suite ${archive.suite} of ${archive.uri} gave no nats-server`;
  }
}

/**
 * An apt configuration on top of the machine's own (proxies, credentials) whose lists and packages stay in `work`. Its paths
 * are relative to `work`: apt reads some characters of a folder's name as its own syntax.
 */
async function privateApt(archive: Archive, work: string): Promise<string> {
  const keyring = ["gpg", "pgp"]
    .map((extension) => `/usr/share/keyrings/debian-archive-keyring.${extension}`)
    .find((path) => archive.suite === "forky" && existsSync(path));
  const signedBy = keyring ? ` [signed-by=${keyring}]` : "";
  const file = join(work, "apt.conf");
  await mkdir(join(work, "lists/partial"), { recursive: true });
  await mkdir(join(work, "cache/archives/partial"), { recursive: true });
  await writeFile(
    join(work, "sources.list"),
    `deb${signedBy} ${archive.uri} ${archive.suite} ${archive.component}\n`,
  );
  await writeFile(
    file,
    [
      'Dir::Etc::sourcelist "./sources.list";',
      'Dir::Etc::sourceparts "-";',
      'Dir::Etc::preferences "-";',
      'Dir::Etc::preferencesparts "-";',
      'Dir::State::lists "./lists";',
      'Dir::Cache "./cache";',
      // The system's hooks clean the system's cache: none of our business.
      "#clear APT::Update::Post-Invoke;",
      "#clear APT::Update::Post-Invoke-Success;",
      // The unprivileged user that apt downloads as cannot reach a project within somebody's home.
      'APT::Sandbox::User "root";',
      'APT::Update::Error-Mode "any";',
      'Acquire::Languages "none";',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
      'Acquire::Retries "1";',
      'Acquire::http::Timeout "15";',
      'Acquire::https::Timeout "15";',
      "",
    ].join("\n"),
  );
  return file;
}
