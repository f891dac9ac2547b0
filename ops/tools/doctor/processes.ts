/** What the processes of a realm say of it themselves: their `/readyz`, where they announced it. */
import { hostname } from "node:os";
import { z } from "zod";
import { type Bus, lastOf } from "../../../shared/stream/bus.ts";
import { kvSubject } from "../../../shared/stream/topology.ts";
import type { Finding } from "./finding.ts";

const Worker = z.object({ stage: z.string(), worker: z.string(), host: z.string(), port: z.number() });
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
  const workers = await announced(bus);
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

async function announced(bus: Bus): Promise<z.infer<typeof Worker>[]> {
  const stream = "KV_workers";
  const { state } = await bus.jsm.streams.info(stream, { subjects_filter: kvSubject("workers", ">") });
  const entries = await Promise.all(
    Object.keys(state.subjects ?? {}).map((subject) => lastOf(bus, stream, subject)),
  );
  return entries.flatMap((entry) => {
    try {
      return entry === undefined ? [] : Worker.parse(JSON.parse(entry.text()));
    } catch {
      return []; // It has said goodbye.
    }
  });
}
