/** Follows one realm's WORLD: restores a view from the leader, then moves it tick by tick. Whatever fails, it starts anew. */
import { setTimeout as delay } from "node:timers/promises";
import { type Bus, lastOf, type Stored, streamEnds } from "../shared/bus.ts";
import { textOf } from "../shared/codec.ts";
import { PassedNotices, Pulse } from "../shared/contracts/feed.ts";
import { Forecast } from "../shared/contracts/forecast.ts";
import type { WorldDelta, WorldSnapshot } from "../shared/contracts/world.ts";
import { jittered } from "../shared/jitter.ts";
import type { Log } from "../shared/log.ts";
import { metrics } from "../shared/metrics.ts";
import { Reader } from "../shared/reader.ts";
import { subjects, worldStream } from "../shared/subjects.ts";
import { messageOfTick } from "../shared/tick-sequence.ts";
import { openTimeMachine } from "../shared/time-machine.ts";
import { forecastSubject } from "../shared/topology.ts";
import type { EncodedFrame } from "./encode.ts";
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
      await delay(jittered(retryMs), undefined, { signal }).catch(() => {});
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

async function lastForecast(bus: Bus, realm: string): Promise<Forecast | undefined> {
  // A bucket that is gone costs the forecast and nothing else.
  const stored = await lastOf(bus, "KV_world", forecastSubject(realm)).catch(() => undefined);
  return stored && readForecast(stored.data, realm);
}

/** `undefined` where it is none, or another realm's. */
export function readForecast(data: Uint8Array | string, realm: string): Forecast | undefined {
  const forecast = Forecast.safeParse(readJson(data)).data;
  return forecast?.realm === realm ? forecast : undefined;
}

function readJson(data: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof data === "string" ? data : textOf(data));
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
  const last = lastDelta?.seq ?? 0;
  const from = (await messageOfTick(bus, stream, subjects.delta(realm), oldest))?.seq ?? last + 1;
  view.past = await openTimeMachine(bus, realm);
  view.previous = (await view.past.stateAt(snapshot.tick - 1).catch(() => undefined))?.state;
  view.forecast = await lastForecast(bus, realm);
  await readLog(following, view, {
    created,
    first: firstSeq,
    through: Math.min(oldest - 1, tickOf(lastDelta)),
  });
  const reader = new Reader(bus, {
    stream,
    subjects: [subjects.delta(realm), subjects.notices(realm)],
    created,
    from: Math.max(from, firstSeq),
    prefetch: PREFETCH,
  });
  try {
    // Shown only once it stands where the stream did: until then a client would be told that what it missed is gone.
    let shown = from > last;
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
        if (delta.tick <= snapshot.tick) {
          view.remember(delta.events);
          if (delta.tick >= oldest) view.recall(delta);
        } else {
          const rules = view.state.ruleset_version;
          const frame = view.advance(delta);
          if (shown) audience.advanced(frame);
          // Only then: nothing that fails may come between a view that moved and the clients that are told.
          if (view.state.ruleset_version !== rules)
            view.rules = (await readSnapshot(bus, realm)).state.private.ruleset;
        }
        if (!shown && message.seq >= last) {
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

/** The public log up to a tick that the stream holds, of which only the events are kept: a long past takes little memory. */
async function readLog(
  { bus, realm, signal }: Following,
  view: RealmView,
  { created, first, through }: { created: string; first: number; through: number },
): Promise<void> {
  const reader = new Reader(bus, {
    stream: worldStream(realm),
    subjects: [subjects.delta(realm)],
    created,
    from: first,
  });
  try {
    for (let tick = 0; tick < through && !signal.aborted; ) {
      for (const { data } of await reader.take(MESSAGES_AT_ONCE, signal)) {
        const delta = JSON.parse(textOf(data)) as WorldDelta;
        tick = delta.tick;
        if (tick <= through) view.remember(delta.events);
      }
    }
  } finally {
    await reader.close();
  }
}

const tickOf = (delta: Stored | undefined): number =>
  delta === undefined ? 0 : (JSON.parse(delta.text()) as WorldDelta).tick;

/** A part that isn't one costs its players their notices, and nobody the world. */
function takeNotices({ realm, log }: Following, view: RealmView, data: Uint8Array): string[] {
  const notices = PassedNotices.safeParse(readJson(data));
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
