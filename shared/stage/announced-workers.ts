/** What the processes of the pipeline announce of themselves in KV `workers`: who lives where, and which realms they refuse. */
import { z } from "zod";
import type { Bus } from "../stream/bus.ts";
import { lastOf } from "../stream/last-message.ts";
import { kvSubject } from "../stream/topology.ts";

/** A realm that a process owns and refuses to run until an operator has looked. */
export const AnnouncedRefusal = z.object({
  stage: z.string(),
  realm: z.string(),
  reason: z.string(),
  stream: z.string().optional(),
  seq: z.number().optional(),
});
export type AnnouncedRefusal = z.infer<typeof AnnouncedRefusal>;

export const AnnouncedWorker = z.object({
  stage: z.string(),
  worker: z.string(),
  host: z.string(),
  port: z.number(),
  refused: z.array(AnnouncedRefusal).default([]),
});
export type AnnouncedWorker = z.infer<typeof AnnouncedWorker>;

/** Every live worker of a stage, or of all. Throws as the bus does. */
export async function announcedWorkers(bus: Bus, stage = ">"): Promise<AnnouncedWorker[]> {
  const stream = "KV_workers";
  const keys = stage === ">" ? stage : `${stage}.*`;
  const { state } = await bus.jsm.streams.info(stream, { subjects_filter: kvSubject("workers", keys) });
  const entries = await Promise.all(
    Object.keys(state.subjects ?? {}).map((subject) => lastOf(bus, stream, subject)),
  );
  return entries.flatMap((entry) => {
    try {
      return entry === undefined ? [] : AnnouncedWorker.parse(JSON.parse(entry.text()));
    } catch {
      return []; // The worker has said goodbye.
    }
  });
}
