/** Whether a realm's stages run: a command for a stage that refuses the realm would wait in vain and pile up in RAW. */
import { type AnnouncedRefusal, announcedWorkers } from "../../shared/stage/announced-workers.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { Refused } from "../api/problems.ts";

/**
 * Throws a 409 that names stage, message and reason where a live process of one of the stages refuses the realm. Processes
 * announce that every second or so; where their announcements can't be read, nothing is thrown.
 */
export async function assertRuns(bus: Bus, realm: string, stages: readonly string[]): Promise<void> {
  const workers = await Promise.all(stages.map((stage) => announcedWorkers(bus, stage))).catch(() => []);
  const refusal = workers
    .flat()
    .flatMap(({ refused }) => refused)
    .find((each) => each.realm === realm && stages.includes(each.stage));
  if (refusal !== undefined) throw new Refused(409, sentenceOf(refusal));
}

const sentenceOf = ({ stage, realm, reason, stream, seq }: AnnouncedRefusal): string =>
  `realm ${realm} stands still: its ${stage} refuses it${seq === undefined ? "" : ` at message ${seq} of ${stream}`}: ${reason}`;
