/** The run as it is watched: from the metrics of the stages, the feed, and the tick records of WORLD. */
import { setTimeout as delay } from "node:timers/promises";
import { FeedClient } from "../../../shared/clients/typescript/feed-client.ts";
import { canonicalHash } from "../../../shared/exact/canonical.ts";
import type { Bus } from "../../../shared/stream/bus.ts";
import type { Stack } from "../../local/stack.ts";
import { Chronicle, tickRecords } from "./chronicle.ts";
import { FigureReader } from "./figures.ts";
import type { Screen } from "./screen.ts";
import { picture, plainLine, type Scene } from "./view.ts";

const FRAME_MS = 500;
/** A tick is on the feed soon after its record is in WORLD. */
const FEED_PATIENCE_MS = 1_000;
/** Figures of this many frames make the rate. */
const RATE_FRAMES = 10;
/** No tick for this long means that something is broken: a stage that died is back long before. */
const STALLED_MS = 60_000;

export class Watch {
  readonly scene: Scene;
  readonly #bus: Bus;
  readonly #screen: Screen;
  readonly #stalledMs: number;
  readonly #figures: FigureReader;
  readonly #feed: FeedClient;
  readonly #startedMs = performance.now();
  #reading: Promise<void> | undefined;
  readonly #received: { atMs: number; count: number }[] = [];

  constructor(
    stack: Stack,
    bus: Bus,
    screen: Screen,
    options: { realm: string; tickSeconds: number; ticks?: number },
  ) {
    const { realm, ticks } = options;
    this.#bus = bus;
    this.#screen = screen;
    this.#stalledMs = Math.max(STALLED_MS, options.tickSeconds * 5_000);
    this.#figures = new FigureReader(metricsPages(stack), realm);
    this.scene = {
      realm,
      feedUrl: `${stack.urls.feed.replace(/^http/, "ws")}/feed/${realm}`,
      pageUrl: `${stack.urls.feed}/`,
      ...(ticks === undefined ? {} : { ticksWanted: ticks }),
      figures: { received: 0, accepted: 0, quarantined: 0, rejected: 0, clippedMilli: 0, lag: new Map() },
      perSecond: 0,
      chronicle: new Chronicle(),
    };
    this.#feed = new FeedClient({
      url: stack.urls.feed,
      realm,
      // Every state is checked against its hash: what is shown is what any client can vouch for.
      hash: canonicalHash,
      pauseMs: { min: 100, max: 1_000 },
      changed: ({ state }) => {
        this.scene.state = state;
      },
      fault: (message) => screen.print(`feed: ${message}`),
    });
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1_000;
  }

  /** Shows the world until as many ticks are done as wanted, the signal, or a standstill. */
  async follow(signal: AbortSignal): Promise<"done" | "stopped" | "stalled"> {
    const { chronicle, ticksWanted } = this.scene;
    const done = new AbortController();
    let lastTickMs = performance.now();
    const frames = setInterval(() => {
      if (performance.now() - lastTickMs > this.#stalledMs) done.abort();
      void this.#frame();
    }, FRAME_MS);
    try {
      for await (const record of tickRecords(
        this.#bus,
        this.scene.realm,
        AbortSignal.any([signal, done.signal]),
      )) {
        lastTickMs = performance.now();
        chronicle.add(record);
        if (!this.#screen.live) await this.#line();
        if (chronicle.ticks === ticksWanted) return "done";
      }
      return signal.aborted ? "stopped" : "stalled";
    } finally {
      clearInterval(frames);
      await this.#frame();
      this.#screen.done();
    }
  }

  close(): void {
    this.#feed.close();
  }

  async #frame(): Promise<void> {
    await this.#read();
    this.#screen.show(picture(this.scene));
  }

  /** One reading at a time: of two, the later one could hold the older counts. */
  #read(): Promise<void> {
    this.#reading ??= this.#readFigures().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readFigures(): Promise<void> {
    this.scene.figures = await this.#figures.read();
    this.#received.push({ atMs: performance.now(), count: this.scene.figures.received });
    if (this.#received.length > RATE_FRAMES) this.#received.shift();
    const [first, last] = [this.#received[0]!, this.#received.at(-1)!];
    const seconds = (last.atMs - first.atMs) / 1_000;
    this.scene.perSecond = seconds > 0 ? Math.round((last.count - first.count) / seconds) : 0;
  }

  /** The line of the tick that has just been recorded, with the world that it made. */
  async #line(): Promise<void> {
    const deadline = performance.now() + FEED_PATIENCE_MS;
    while ((this.scene.state?.tick ?? 0) < this.scene.chronicle.lastTick && performance.now() < deadline)
      await delay(20);
    await this.#read();
    this.#screen.print(plainLine(this.scene));
  }
}

/** Where each stage that the demo shows tells its metrics. */
function metricsPages({ urls, ports }: Stack): Map<string, string> {
  const stages = {
    ingest: ports.INGEST_PORT,
    normalizer: ports.NORMALIZER_PORT,
    simulator: ports.SIMULATOR_PORT,
    archive: ports.ARCHIVE_PORT,
  };
  const pages = new Map<string, string>();
  for (const [stage, port] of Object.entries(stages)) {
    const url = new URL("/metrics", urls.internal);
    url.port = `${port}`;
    pages.set(stage, url.href);
  }
  return pages;
}
