/** The record of a realm's forecasts as its owner keeps it: in KV `world`, so that the next owner goes on with it. */
import type { Forecast, ForecastRecord } from "../../shared/contracts/forecast.ts";
import type { TickRecord } from "../../shared/contracts/world.ts";
import { messageOfTick } from "../../shared/past/tick-sequence.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { lastOf, nextOf, type Stored } from "../../shared/stream/last-message.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { forecastLogSubject } from "../../shared/stream/topology.ts";
import { HORIZON_TICKS } from "./forecast.ts";
import { emptyLog, ForecastLog, recordOf, withForecast, withTick } from "./forecast-log.ts";

export class RecordKeeper {
  readonly #bus: Bus;
  readonly #realm: string;
  #log: ForecastLog;
  #stored: ForecastLog;
  #last: Stored | undefined;

  private constructor(bus: Bus, realm: string, log: ForecastLog) {
    this.#bus = bus;
    this.#realm = realm;
    this.#log = log;
    this.#stored = log;
  }

  /** The record that an earlier owner left; an empty one where there is none or it can't be read. `tick`: of the world. Throws on NATS errors. */
  static async open(bus: Bus, realm: string, tick: number): Promise<RecordKeeper> {
    const stored = await lastOf(bus, "KV_world", forecastLogSubject(realm));
    const known = stored === undefined ? undefined : ForecastLog.safeParse(jsonOf(stored.text())).data;
    const isOf = known !== undefined && known.through <= tick && tick - known.through <= HORIZON_TICKS;
    // A gap longer than the horizon isn't read again: what was open then is dropped, what was scored stays.
    const log = isOf ? known : { ...emptyLog(tick), scored: known?.scored ?? [] };
    return new RecordKeeper(bus, realm, log);
  }

  /** Holds what was forecast against every tick that WORLD has up to this one. Throws on NATS errors. */
  async follow(tick: number): Promise<void> {
    while (this.#log.through < tick) {
      const next = await this.#next(this.#log.through + 1);
      if (next === undefined) return;
      const { tick: read, events } = JSON.parse(next.text()) as TickRecord;
      this.#last = next;
      if (read <= this.#log.through) continue;
      const flips = events.flatMap((event) => (event.kind === "flip" ? [event.territory] : []));
      this.#log = withTick(this.#log, read, new Set(flips));
    }
  }

  #next(tick: number): Promise<Stored | undefined> {
    const [stream, subject] = [worldStream(this.#realm), subjects.tick(this.#realm)];
    return this.#last === undefined
      ? messageOfTick(this.#bus, stream, subject, tick)
      : nextOf(this.#bus, stream, subject, this.#last.seq + 1);
  }

  /** Remembers a forecast, and answers the record of those that came due. The log is stored before anybody reads the record. */
  async remember(made: Forecast): Promise<ForecastRecord> {
    this.#log = withForecast(this.#log, made);
    if (this.#log !== this.#stored) {
      const data = JSON.stringify(this.#log);
      await publishOne(this.#bus, { subject: forecastLogSubject(this.#realm), data });
      this.#stored = this.#log;
    }
    return recordOf(this.#log);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
