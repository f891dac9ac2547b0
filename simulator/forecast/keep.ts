/**
 * Forecasts as the realm's owner makes them, beside its clock: one for the newest tick, then a rest. It is a service to those who
 * watch and no part of the world; a realm whose ticks are shorter than the work of a forecast has one now and then. What was forecast
 * is held against what came, and that record goes with each forecast.
 */

import { setTimeout as delay, setImmediate as otherWork } from "node:timers/promises";
import type { Forecast, ForecastRecord } from "../../shared/contracts/forecast.ts";
import { metrics } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import type { Owned } from "../../shared/stage/stage.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { forecastSubject } from "../../shared/stream/topology.ts";
import type { SimulatorState } from "../advance.ts";
import { forecast } from "./forecast.ts";
import { KEPT_TICKS } from "./pressure.ts";
import { recallPressure } from "./recall.ts";
import { RecordKeeper } from "./record.ts";

const LOOK_MS = 1_000;
/** It works for so long and lets the tick and the log have their turn. */
const TURN_MS = 4;
/** It rests so many times as long as it worked. */
const REST = 4;

/** Until the signal. */
export async function keepForecast(
  owned: Pick<Owned<SimulatorState>, "bus" | "realm" | "state" | "signal" | "log">,
): Promise<void> {
  const { bus, realm, state, signal, log } = owned;
  let record: RecordKeeper | undefined;
  let told = -1;
  while (!signal.aborted) {
    await pause(LOOK_MS, signal);
    if (signal.aborted) return;
    try {
      if (record === undefined) {
        await recall(owned);
        record = await RecordKeeper.open(bus, realm, state.world.public.tick);
      }
      const { tick } = state.world.public;
      metrics.forecastAge.set({ realm }, told < 0 ? 0 : tick - told);
      if (tick === told || state.recent.length === 0) continue;
      await record.follow(tick);
      const startedMs = performance.now();
      const made = await makeForecast(state, signal);
      if (made === undefined) return;
      const scores = await record.remember(made);
      await publish(bus, { ...made, record: scores });
      told = made.tick;
      showRecord(realm, scores);
      metrics.forecastSeconds.set({ realm }, (performance.now() - startedMs) / 1_000);
      await delay((performance.now() - startedMs) * REST, undefined, { signal }).catch(() => {});
    } catch (error) {
      if (!signal.aborted)
        log.warn({ reason: String(error) }, "the forecast of this tick failed; the next tick gets one");
    }
  }
}

/** What the owner didn't see itself comes before what it saw since. */
async function recall({ bus, realm, state, signal }: Parameters<typeof keepForecast>[0]): Promise<void> {
  const { public: world, private: privateState } = state.world;
  const before = (state.recent[0]?.tick ?? world.tick + 1) - 1;
  const past = await recallPressure(bus, realm, before, privateState.ruleset, signal);
  state.recent.unshift(...past);
  if (state.recent.length > KEPT_TICKS) state.recent.splice(0, state.recent.length - KEPT_TICKS);
}

/** Of the state as it is now, which goes on meanwhile. Undefined when the signal came first. */
async function makeForecast(
  { realm, world, last, recent }: SimulatorState,
  signal: AbortSignal,
): Promise<Forecast | undefined> {
  const futures = forecast(world, last.public_hash, [...recent]);
  let turnEndsMs = performance.now() + TURN_MS;
  for (;;) {
    const step = futures.next();
    if (step.done) return { realm, tick: world.public.tick, hash: last.public_hash, territories: step.value };
    if (performance.now() < turnEndsMs) continue;
    await otherWork();
    if (signal.aborted) return undefined;
    turnEndsMs = performance.now() + TURN_MS;
  }
}

function showRecord(realm: string, { scored, skill_bp, coverage_bp }: ForecastRecord): void {
  metrics.forecastsScored.set({ realm }, scored);
  metrics.forecastAge.set({ realm }, 0);
  if (skill_bp !== undefined) metrics.forecastSkill.set({ realm }, skill_bp);
  if (coverage_bp !== undefined) metrics.forecastCoverage.set({ realm }, coverage_bp);
}

const publish = (bus: Bus, made: Forecast) =>
  publishOne(bus, { subject: forecastSubject(made.realm), data: JSON.stringify(made) });
