/** The chronicle of a run: what the tick records of WORLD tell, as they are committed. */

import type { DerivedEvent, TickRecord } from "../../../shared/contracts/world.ts";
import { pause } from "../../../shared/process/pause.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import { textOf } from "../../../shared/stream/codec.ts";
import { streamEnds } from "../../../shared/stream/last-message.ts";
import { Reader, StreamGap } from "../../../shared/stream/reader.ts";
import { subjects, worldStream } from "../../../shared/stream/subjects.ts";
import { Hour } from "./hour.ts";

const NEWS_KEPT = 5;

export class Chronicle {
  ticks = 0;
  lastTick = 0;
  lastHash = "";
  flips = 0;
  readonly triggers: string[] = [];
  /** Milli-points over the factions' burst caps. */
  burstClippedMilli = 0;
  readonly hour = new Hour();
  /** The latest sentences, oldest first. */
  readonly news: string[] = [];

  add(record: TickRecord): void {
    this.ticks++;
    this.lastTick = record.tick;
    this.lastHash = record.public_hash;
    for (const { sum, cap } of Object.values(record.factions))
      this.burstClippedMilli += Math.max(0, sum - cap);
    this.hour.add(record.events);
    for (const event of record.events) {
      if (event.kind === "flip") this.flips++;
      if (event.kind === "trigger") this.triggers.push(event.key);
      const sentence = sentenceOf(event);
      if (sentence !== undefined) this.news.push(`tick ${event.tick}: ${sentence}`);
    }
    this.news.splice(0, this.news.length - NEWS_KEPT);
  }
}

/** A derived event in words; those that only follow from another are left out. */
function sentenceOf(event: DerivedEvent): string | undefined {
  switch (event.kind) {
    case "flip":
      return `${event.territory} falls to ${event.to}${event.from === undefined ? "" : `, from ${event.from}`}`;
    case "capture":
      return `${event.faction} captures ${event.relic}`;
    case "trigger":
      return `${event.key} begins`;
    case "campaign":
      return `campaign ${event.id} ${campaignWords(event.stage)}`;
    case "council":
      return event.step === "open"
        ? `the council of ${event.faction} votes`
        : `the council of ${event.faction} has decided`;
    case "action":
      return event.status === "opposed" ? undefined : `a sovereign action is ${event.status}`;
    case "status":
      return `the realm is ${event.status}`;
    case "ruleset":
      return `ruleset ${event.version} takes effect`;
    default:
      return undefined;
  }
}

/** Tick records committed from now on, in order, through every reconnect, until the signal. */
export async function* tickRecords(bus: Bus, realm: string, signal: AbortSignal): AsyncGenerator<TickRecord> {
  const stream = worldStream(realm);
  const { created, lastSeq } = await streamEnds(bus, stream);
  for (let from = lastSeq + 1; !signal.aborted; ) {
    const reader = new Reader(bus, { stream, subjects: [subjects.tick(realm)], created, from });
    try {
      for (;;) {
        const messages = await reader.take(100, signal);
        if (messages.length === 0) return;
        for (const message of messages) {
          from = message.seq + 1;
          yield JSON.parse(textOf(message.data)) as TickRecord;
        }
      }
    } catch (error) {
      if (error instanceof StreamGap) throw error;
      await pause(500, signal);
    } finally {
      await reader.close();
    }
  }
}

const campaignWords = (stage: number | string): string =>
  stage === 0 ? "opens" : typeof stage === "number" ? `reaches stage ${stage}` : `is ${stage}`;
