/**
 * The steward: publishes the commands that the world itself calls for, as the owner of the realm. Their keys derive from what
 * calls for them, so that each happens once, whoever was killed in between.
 */

import { QUARANTINE_REASONS } from "../../shared/contracts/decision.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import { QuarantineFollower } from "../../shared/quarantine/follow-quarantine.ts";
import type { Quarantine } from "../../shared/quarantine/quarantine.ts";
import type { Owned } from "../../shared/stage/stage.ts";
import { isSealed } from "../../shared/stream/publish.ts";
import type { SimulatorState } from "../advance.ts";
import { converted } from "../steps/convert-engine.ts";
import { dueCommands } from "./due-commands.ts";
import { dueRejections } from "./due-rejections.ts";
import { raisingOf } from "./handover.ts";
import { StewardPublisher } from "./steward-publisher.ts";

/** How often it looks at the quarantine, and at the world in memory. */
const LOOK_MS = 1_000;
const WORLD_LOOK_MS = 100;
/** What was asked for and has not come back is asked for again after this long; the key makes that harmless. */
const PATIENCE_MS = 60_000;

/** Keeps house until the signal. `now`: Unix milliseconds. */
export async function keepHouse(
  owned: Pick<Owned<unknown>, "bus" | "realm" | "log" | "signal">,
  now: () => number = Date.now,
): Promise<void> {
  const { bus, realm, log, signal } = owned;
  const follower = new QuarantineFollower(bus, realm, log);
  const following = follower.follow(signal);
  const asked = new Map<string, number>();
  const speech = new StewardPublisher(bus, log, signal);
  while (!signal.aborted) {
    try {
      const quarantine = follower.current;
      if (quarantine !== undefined) {
        measure(realm, quarantine, now());
        speech.tidy();
        await rejectDue(owned, speech, quarantine, asked, now());
      }
    } catch (error) {
      // The realm is ending, and takes no command any more.
      if (isSealed(error)) break;
      if (!signal.aborted)
        log.warn(
          { reason: String(error) },
          "the steward was interrupted; it looks for due commands again in a moment",
        );
    }
    await pause(LOOK_MS, signal);
  }
  await following;
  // The next owner tells these now.
  for (const reason of QUARANTINE_REASONS) metrics.quarantineOpen.remove({ realm, reason });
  metrics.quarantineOldest.remove({ realm });
}

/**
 * Says what the world calls for, until the signal. Each is said once by this process: RAW has it when it answers, and a world
 * that is ahead of its own commit is the same that will be committed, since it follows from EVENTS.
 */
export async function speakForWorld({
  bus,
  state,
  log,
  signal,
}: Pick<
  Owned<Pick<SimulatorState, "realm" | "world" | "folding">>,
  "bus" | "state" | "log" | "signal"
>): Promise<void> {
  const speech = new StewardPublisher(bus, log, signal);
  let told = new Set<string>();
  let raised = { key: "", ms: 0 };
  while (!signal.aborted) {
    const calls = dueCommands(converted(state.world));
    told = new Set(calls.map(({ idempotency_key: key }) => key).filter((key) => told.has(key)));
    speech.tidy();
    try {
      // A gate of the earlier release may have turned it away: without it the realm would stand still for good.
      for (const command of raisingOf(state)) {
        const key = command.idempotency_key;
        if (raised.key === key && performance.now() - raised.ms < PATIENCE_MS) continue;
        if ((await speech.say(command)) !== "later") raised = { key, ms: performance.now() };
      }
      const waiting = new Set<string>();
      for (const command of calls) {
        if (told.has(command.idempotency_key)) continue;
        // An id is opened again only once it is closed.
        const about = "id" in command.payload ? command.payload.id : command.kind;
        if (waiting.has(about)) continue;
        if ((await speech.say(command)) === "later") waiting.add(about);
        else told.add(command.idempotency_key);
      }
    } catch (error) {
      if (isSealed(error)) return;
      throw error;
    }
    await pause(WORLD_LOOK_MS, signal);
  }
}

/** Asks for the rejections that are due. */
async function rejectDue(
  { realm, signal }: Pick<Owned<unknown>, "realm" | "signal">,
  speech: StewardPublisher,
  quarantine: Quarantine,
  asked: Map<string, number>,
  nowMs: number,
): Promise<void> {
  for (const event of asked.keys()) if (!quarantine.open.has(event)) asked.delete(event);
  for (const command of dueRejections(quarantine, realm, nowMs)) {
    if (signal.aborted || command.kind !== "review.reject") return;
    const { event, gave_way } = command.payload;
    if ((asked.get(event) ?? Number.NEGATIVE_INFINITY) > performance.now() - PATIENCE_MS) continue;
    const said = await speech.say(command);
    if (said === "later") continue;
    asked.set(event, performance.now());
    if (said === "said") metrics.reviews.inc({ realm, verdict: gave_way === 1 ? "gave_way" : "expired" });
  }
}

function measure(realm: string, { open }: Quarantine, nowMs: number): void {
  const counts = new Map<string, number>();
  for (const { reason } of open.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const reason of QUARANTINE_REASONS)
    metrics.quarantineOpen.set({ realm, reason }, counts.get(reason) ?? 0);
  const oldest = open.values().next().value;
  const ageMs = oldest === undefined ? 0 : Math.max(0, nowMs - Date.parse(oldest.received_at));
  metrics.quarantineOldest.set({ realm }, ageMs / 1_000);
}
