/** What the processes of a realm say of it themselves: their `/readyz`, where they announced it. */
import { hostname } from "node:os";
import { z } from "zod";
import { announcedWorkers } from "../../../shared/stage/announced-workers.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import type { Finding } from "./finding.ts";

const NotReady = z.object({
  reason: z.string(),
  realms: z.array(
    z.object({
      stage: z.string(),
      realm: z.string(),
      kind: z.string(),
      reason: z.string(),
      stream: z.string().optional(),
      seq: z.number().optional(),
    }),
  ),
});

const TIMEOUT_MS = 1_500;
const STAGES = ["ingest", "normalizer", "simulator", "archive", "broadcaster"];

/** Troubles that live processes have with a realm, and stages of which none lives. */
export async function sayings(bus: Bus, realm: string): Promise<Finding[]> {
  const workers = await announcedWorkers(bus);
  const found: Finding[] = STAGES.filter((stage) => !workers.some((worker) => worker.stage === stage)).map(
    (stage) => ({ place: stage, says: "no process of it lives", todo: `start ${stage}` }),
  );
  for (const { stage, worker, host, port } of workers) {
    const reachable = host === hostname() ? "127.0.0.1" : host;
    const answer = await fetch(`http://${reachable}:${port}/readyz`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
      .then((response) => response.json())
      .catch(() => undefined);
    if (answer === undefined)
      found.push({ place: worker, says: `${stage} doesn't answer at ${host}:${port}` });
    const said = NotReady.safeParse(answer);
    if (!said.success) continue;
    if (said.data.realms.length === 0)
      found.push({ place: worker, says: said.data.reason, todo: "look into its log" });
    for (const trouble of said.data.realms)
      if (trouble.realm === realm)
        found.push({
          place: worker,
          says: `${trouble.stage} is ${trouble.kind}: ${trouble.reason}`,
          todo: trouble.seq === undefined ? "look into its log" : "see what is said of that message",
        });
  }
  return found;
}
