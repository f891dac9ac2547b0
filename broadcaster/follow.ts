/** Follows one realm's WORLD: restores a view from the leader, then moves it tick by tick. Whatever fails, it starts anew. */
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, lastOf, streamEnds } from "../shared/bus.ts";
import { textOf } from "../shared/codec.ts";
import { NoticesMessage, Pulse } from "../shared/contracts/feed.ts";
import type { WorldDelta, WorldSnapshot } from "../shared/contracts/world.ts";
import type { Log } from "../shared/log.ts";
import { metrics } from "../shared/metrics.ts";
import { Reader } from "../shared/reader.ts";
import { subjects, worldStream } from "../shared/subjects.ts";
import type { EncodedFrame } from "./encode.ts";
import { mapOf } from "./map.ts";
import { Divergence, HELD_DELTAS, RealmView } from "./realm-view.ts";

/** Who shows the realm to clients. */
export type Audience = {
  /** A restored view takes the place of the one before, which may stand anywhere or be absent. */
  restored(view: RealmView): void;
  /** The view stands one tick further; `frame` says how. */
  advanced(frame: EncodedFrame): void;
  /** The view holds further notices, of these players. */
  noticed(users: Iterable<string>): void;
  /** The pressure that builds up until the next tick. */
  pulsed(pulse: Pulse): void;
};

export type Following = { bus: Bus; realm: string; log: Log; signal: AbortSignal; audience: Audience };

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;
const MESSAGES_AT_ONCE = 1_000;
/** Parts of notices have up to 256 KiB: more under way would come near what a server cuts a slow consumer off at. */
const PREFETCH = 128;

/** Until the signal. */
export async function follow(following: Following): Promise<void> {
  const { realm, log, signal } = following;
  listenToPulses(following);
  /** Deltas up to this tick aren't handed to anyone: one of them contradicts the state. */
  let distrusted = -1;
  let reason = "start";
  let retryMs = RETRY_MIN_MS;
  while (!signal.aborted) {
    metrics.restores.inc({ stage: "broadcaster", realm, reason });
    try {
      await followOnce(following, distrusted, () => {
        retryMs = RETRY_MIN_MS;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Divergence) {
        distrusted = Math.max(distrusted, error.tick);
        reason = "divergence";
        log.error(
          { realm, reason: error.message },
          "WORLD contradicts itself; starting from its last snapshot",
        );
      } else {
        reason = "error";
        log.warn({ realm, reason: String(error) }, "not following WORLD; trying again");
      }
      await delay(retryMs, undefined, { signal }).catch(() => {});
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    }
  }
}

/** Undurable, on core NATS: one that is lost, late or no pulse at all is none. */
function listenToPulses({ bus, realm, signal, audience }: Following): void {
  const subscription = bus.nc.subscribe(subjects.pulse(realm), {
    callback: (error, message) => {
      const pulse = error === null ? Pulse.safeParse(readJson(message.data)) : undefined;
      if (pulse?.success && pulse.data.realm === realm) audience.pulsed(pulse.data);
    },
  });
  signal.addEventListener("abort", () => subscription.unsubscribe(), { once: true });
}

function readJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(data));
  } catch {
    return undefined;
  }
}

async function followOnce(following: Following, distrusted: number, moved: () => void): Promise<void> {
  const { bus, realm, signal, audience } = following;
  const stream = worldStream(realm);
  const { created, firstSeq } = await streamEnds(bus, stream);
  const snapshot = await readSnapshot(bus, realm);
  const lastDelta = await lastOf(bus, stream, subjects.delta(realm));
  const view = new RealmView(snapshot, epochOf(created));
  const oldest = Math.max(snapshot.tick - HELD_DELTAS, distrusted) + 1;
  const from =
    lastDelta === undefined
      ? firstSeq
      : await sequenceOfTick(bus, realm, oldest, { seq: firstSeq, end: lastDelta.seq });
  const names = [subjects.delta(realm), subjects.notices(realm)];
  const reader = new Reader(bus, { stream, subjects: names, created, from, prefetch: PREFETCH });
  try {
    // Shown only once it stands where the stream did: until then a client would be told that what it missed is gone.
    let shown = lastDelta === undefined || from > lastDelta.seq;
    if (shown) audience.restored(view);
    for (;;) {
      const messages = await reader.take(MESSAGES_AT_ONCE, signal);
      if (messages.length === 0) return;
      for (const message of messages) {
        if (message.subject === subjects.notices(realm)) {
          const users = takeNotices(following, view, message.data);
          if (shown) audience.noticed(users);
          continue;
        }
        const delta = JSON.parse(textOf(message.data)) as WorldDelta;
        if (delta.tick <= snapshot.tick) view.recall(delta);
        else {
          const rules = view.state.ruleset_version;
          const frame = view.advance(delta);
          if (shown) audience.advanced(frame);
          // Only then: nothing that fails may come between a view that moved and the clients that are told.
          if (view.state.ruleset_version !== rules) {
            const { ruleset } = (await readSnapshot(bus, realm)).state.private;
            view.tickSeconds = ruleset.tick_seconds;
            view.map = mapOf(ruleset);
          }
        }
        if (!shown && message.seq >= lastDelta!.seq) {
          shown = true;
          audience.restored(view);
        }
        if (shown) moved();
      }
    }
  } finally {
    await reader.close();
  }
}

/** A part that isn't one costs its players their notices, and nobody the world. */
function takeNotices({ realm, log }: Following, view: RealmView, data: Uint8Array): string[] {
  const notices = NoticesMessage.safeParse(readJson(data));
  if (notices.success && notices.data.realm === realm) return view.notices.add(notices.data);
  log.error(
    { realm, reason: notices.error?.message ?? "of another realm" },
    "WORLD holds notices that are none",
  );
  return [];
}

async function readSnapshot(bus: Bus, realm: string): Promise<WorldSnapshot> {
  const stored = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  if (stored === undefined) throw new Error(`${worldStream(realm)} holds no snapshot yet`);
  return JSON.parse(stored.text()) as WorldSnapshot;
}

/** Ticks of two streams of one name don't compare: each has its own time of creation. */
export const epochOf = (created: string): string => Date.parse(created).toString(36);

/**
 * From where to read the deltas of `tick` and later, by bisection on the leader: ticks rise with sequences, and a tick has no
 * fixed number of messages. `end`: sequence of the last delta.
 */
async function sequenceOfTick(
  bus: Bus,
  realm: string,
  tick: number,
  range: { seq: number; end: number },
): Promise<number> {
  let low = range.seq;
  let high = range.end + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const query = { seq: middle, next_by_subj: subjects.delta(realm) };
    const message = await bus.jsm.streams.getMessage(worldStream(realm), query);
    if (message === null || (JSON.parse(textOf(message.data)) as WorldDelta).tick >= tick) high = middle;
    else low = message.seq + 1;
  }
  return low;
}
