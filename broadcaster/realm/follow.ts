/** Follows one realm's WORLD: restores a view from the leader, then moves it tick by tick. After any failure it restores again. */

import { PassedNotices, Pulse } from "../../shared/contracts/feed.ts";
import { Forecast } from "../../shared/contracts/forecast.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { TickChain } from "../../shared/past/tick-chain.ts";
import { messageOfTick } from "../../shared/past/tick-sequence.ts";
import { openTimeMachine } from "../../shared/past/time-machine.ts";
import { Backoff } from "../../shared/process/backoff.ts";
import type { Log } from "../../shared/process/log.ts";
import { forgetRealm, metrics } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import { hasEnded } from "../../shared/provision/realm-entries.ts";
import { RealmHealth } from "../../shared/stage/realm-health.ts";
import { ForeignMessage, type Known, RealmRefused, refusalOf } from "../../shared/stage/refusal.ts";
import { untilLookedAt } from "../../shared/stage/refused-realm.ts";
import { deltaIn, jsonOf, type Message, snapshotIn } from "../../shared/stream/bodies.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { lastOf, type Stored, streamEnds } from "../../shared/stream/last-message.ts";
import { Reader } from "../../shared/stream/reader.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { forecastSubject } from "../../shared/stream/topology.ts";
import { isGone, type Work } from "../../shared/stream/waiting.ts";
import type { EncodedFrame } from "./encode.ts";
import { Divergence, HELD_DELTAS, RealmView } from "./realm-view.ts";

/** The receiver of a realm's changes. */
export type Audience = {
  /** Replaces the view; the one before may be at any tick, or absent. */
  restored(view: RealmView): void;
  /** The view moved one tick; `frame` is its delta. */
  advanced(frame: EncodedFrame): void;
  /** The view holds new notices for these players. */
  noticed(users: Iterable<string>): void;
  /** The pressure that builds up until the next tick. */
  pulsed(pulse: Pulse): void;
};

export type Following = { bus: Bus; realm: string; log: Log; signal: AbortSignal; audience: Audience };

const RETRY_MS = { first: 100, longest: 5_000 };
const MESSAGES_AT_ONCE = 1_000;
/** Parts of notices have up to 256 KiB: a larger prefetch would come near the limit at which a server cuts a slow consumer off. */
const PREFETCH = 128;

/** Until the signal. */
export async function follow(following: Following): Promise<void> {
  const { bus, realm, log, signal } = following;
  listenToPulses(following);
  const run: Run = { reader: undefined, distrusted: -1 };
  const health = new RealmHealth({ stage: "broadcaster", realm }, worldStream(realm), () =>
    bus.connected ? workOf(run) : undefined,
  );
  let reason = "start";
  const backoff = new Backoff(RETRY_MS);
  while (!signal.aborted) {
    metrics.restores.inc({ stage: "broadcaster", realm, reason });
    try {
      await followOnce(following, health, run, () => backoff.reset());
    } catch (error) {
      if (signal.aborted) break;
      if (await hasEnded(bus, realm)) {
        // The realm has ended and WORLD was removed; the watch of KV `realms` reports it next.
        await pause(RETRY_MS.longest, signal);
        continue;
      }
      const refusal = refusalOf(error);
      if (refusal === undefined) {
        reason = "error";
        log.warn(
          { realm, reason: String(error) },
          "the broadcaster lost WORLD of this realm; it tries again",
        );
        await pause(backoff.next(), signal);
      } else {
        reason = "refused";
        if (error instanceof ForeignMessage && error.cause instanceof Divergence)
          run.distrusted = Math.max(run.distrusted, error.cause.tick);
        health.refuse(refusal);
        log.error(
          { realm, refused: refusal.reason, ...refusal.place, err: refusal },
          "the broadcaster refuses the realm until an operator has looked",
        );
        await untilLookedAt(bus, refusal, signal);
      }
    }
  }
  health.end();
  await forgetRealm("broadcaster", realm);
}

type Run = {
  reader: Reader | undefined;
  /** Deltas up to this tick are withheld: one of them contradicts the state. */
  distrusted: number;
};

const workOf = ({ reader }: Run): Work => (reader === undefined ? { messages: 0, busy: true } : reader.work);

/** Pulses are undurable messages on core NATS: a lost, late or malformed one is ignored. */
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
  // Without the bucket only the forecast is missing.
  const stored = await lastOf(bus, "KV_world", forecastSubject(realm)).catch(() => undefined);
  return stored && readForecast(stored.data, realm);
}

/** `undefined` where the message is no pulse of this realm. */
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

async function followOnce(
  following: Following,
  health: RealmHealth,
  run: Run,
  moved: () => void,
): Promise<void> {
  const { bus, realm, signal, audience } = following;
  const stream = worldStream(realm);
  const { created, firstSeq } = await streamEnds(bus, stream);
  const stored = await readSnapshot(bus, realm);
  const { snapshot } = stored;
  const lastDelta = await lastOf(bus, stream, subjects.delta(realm));
  const view = held(stored.message, () => new RealmView(snapshot, epochOf(created)));
  const oldest = Math.max(snapshot.tick - HELD_DELTAS, Math.min(run.distrusted, snapshot.tick)) + 1;
  const last = lastDelta?.seq ?? 0;
  const from = (await messageOfTick(bus, stream, subjects.tick(realm), oldest))?.seq ?? last + 1;
  view.past = await openTimeMachine(bus, realm);
  view.previous = (await view.past.stateAt(snapshot.tick - 1).catch(() => undefined))?.state;
  view.forecast = await lastForecast(bus, realm);
  await readLog(following, view, {
    created,
    first: firstSeq,
    through: Math.min(oldest - 1, tickOf(lastDelta, realm)),
  });
  const reader = new Reader(bus, {
    stream,
    subjects: [subjects.tick(realm), subjects.delta(realm), subjects.notices(realm)],
    created,
    from: Math.max(from, firstSeq),
    prefetch: PREFETCH,
  });
  run.reader = reader;
  try {
    const chain = new TickChain(realm);
    const refused = health.refusal?.place;
    if (refused === undefined || (await isGone(bus, refused))) health.accept();
    // The view is shown only at the stream's end: earlier, clients would be told that their missed ticks are gone.
    let shown = from > last;
    if (shown) audience.restored(view);
    for (;;) {
      const messages = await reader.take(MESSAGES_AT_ONCE, signal);
      if (messages.length === 0) return;
      health.moved();
      for (const message of messages) {
        if (message.subject === subjects.tick(realm)) chain.record(message);
        else if (message.subject === subjects.notices(realm)) {
          const users = view.tell(noticesIn(message, realm));
          if (shown) audience.noticed(users);
        } else {
          const { delta } = chain.delta(message);
          if (delta.tick <= snapshot.tick) {
            view.remember(delta.events);
            if (delta.tick >= oldest) view.recall(delta);
          } else {
            const rules = view.state.ruleset_version;
            const frame = held(message, () => view.advance(delta));
            if (shown) audience.advanced(frame);
            // Last: nothing may fail between a moved view and the frames to its clients.
            if (view.state.ruleset_version !== rules)
              view.rules = (await readSnapshot(bus, realm)).snapshot.state.private.ruleset;
          }
          if (!shown && message.seq >= last) {
            shown = true;
            audience.restored(view);
          }
          if (shown) moved();
        }
        if (health.refusal !== undefined && message.seq >= (health.refusal.place?.seq ?? 0)) health.accept();
      }
    }
  } finally {
    run.reader = undefined;
    await reader.close();
  }
}

/** Applies a message to the view. A contradiction makes the message foreign. */
function held<T>(message: Known, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    throw new ForeignMessage(message, error.message, error);
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
      for (const message of await reader.take(MESSAGES_AT_ONCE, signal)) {
        const delta = deltaIn(message, realm);
        tick = delta.tick;
        if (tick <= through) view.remember(delta.events);
      }
    }
  } finally {
    await reader.close();
  }
}

const tickOf = (delta: Stored | undefined, realm: string): number =>
  delta === undefined ? 0 : deltaIn({ ...delta, subject: subjects.delta(realm) }, realm).tick;

function noticesIn(message: Message, realm: string): PassedNotices {
  const notices = PassedNotices.safeParse(jsonOf(message));
  if (notices.success && notices.data.realm === realm) return notices.data;
  throw new ForeignMessage(message, `it is no part of notices of ${realm}`);
}

async function readSnapshot(bus: Bus, realm: string): Promise<{ snapshot: WorldSnapshot; message: Message }> {
  const subject = subjects.snapshot(realm);
  const stored = await lastOf(bus, worldStream(realm), subject);
  if (stored === undefined)
    throw new RealmRefused(
      `${worldStream(realm)} holds no snapshot: its simulator makes it again when it starts`,
    );
  const message = { ...stored, subject };
  return { snapshot: snapshotIn(message, realm), message };
}

/** Ticks of two streams of one name don't compare: each has its own time of creation. */
const epochOf = (created: string): string => Date.parse(created).toString(36);
