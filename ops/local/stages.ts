/** The stages as processes: which file each runs, where it answers, when it is ready. */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Ports } from "./checks.ts";
import { STAGE_FLAGS } from "./runtime.ts";
import type { SupervisedSpec } from "./supervisor.ts";

const STAGES = {
  provision: { entry: "ops/provision/main.ts", port: "PROVISION_PORT" },
  ingest: { entry: "ingest/main.ts", port: "INGEST_PORT" },
  normalizer: { entry: "normalizer/main.ts", port: "NORMALIZER_PORT" },
  simulator: { entry: "simulator/main.ts", port: "SIMULATOR_PORT" },
  archive: { entry: "simulator/archive/main.ts", port: "ARCHIVE_PORT" },
  broadcaster: { entry: "broadcaster/main.ts", port: "BROADCASTER_PORT" },
} as const satisfies Record<string, { entry: string; port: keyof Ports }>;
export type StageName = keyof typeof STAGES;
export const STAGE_NAMES = Object.keys(STAGES) as StageName[];

const PROJECT = new URL("../../", import.meta.url);
const PROBE_TIMEOUT_MS = 1_000;
/** A stage that starts while a long log is behind it restores before it is ready. */
const READY_TIMEOUT_MS = 60_000;

export function stageProcess(options: {
  name: StageName;
  ports: Ports;
  /** Where its servers listen. */
  host: string;
  logFile: string;
  env: () => Record<string, string | undefined>;
}): SupervisedSpec {
  const { name, ports, host, logFile, env } = options;
  const { entry, port } = STAGES[name];
  const probes = [isUp(`${httpUrl(host, ports[port])}/readyz`)];
  if (name === "broadcaster") probes.push(answers(`${httpUrl(host, ports.FEED_PORT)}/api/world`));
  return {
    name,
    command: process.execPath,
    args: [...STAGE_FLAGS, fileURLToPath(new URL(entry, PROJECT))],
    cwd: fileURLToPath(PROJECT),
    env,
    logFile,
    probe: async () => (await Promise.all(probes.map((probe) => probe()))).every(Boolean),
    readyTimeoutMs: READY_TIMEOUT_MS,
  };
}

/** Where to reach from this machine a server that listens on `host`. */
export function httpUrl(host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

type Probe = () => Promise<boolean>;

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });

function answers(url: string): Probe {
  return async () => {
    const answer = await get(url);
    await answer.body?.cancel();
    return answer.ok;
  };
}

/** What of `/readyz` says that the process is up, and that only some of its realms don't move. */
const OnlyRealms = z.object({ realms: z.array(z.object({ realm: z.string() })).min(1) });

/** A stage is up once it is ready, or has nothing but realms that are refused: to wait for those is no use. */
function isUp(url: string): Probe {
  return async () => {
    const answer = await get(url);
    return answer.ok || OnlyRealms.safeParse(await answer.json()).success;
  };
}
