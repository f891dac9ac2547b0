/**
 * Who runs which realm: workers announce themselves in KV with a TTL, and rendezvous hashing over the live ones decides.
 * Overlaps are harmless, since commits are fenced; this only keeps them short.
 */
import { hostname } from "node:os";
import { type KV, Kvm } from "@nats-io/kv";
import { nuid } from "@nats-io/transport-node";
import { type Bus, publishOne } from "./bus.ts";
import { sha256 } from "./canonical.ts";
import { kvSubject } from "./topology.ts";

/** Of `workers`, the one with the highest hash of itself and the realm (rendezvous hashing, Thaler and Ravishankar 1996). */
export function ownerOf(realm: string, workers: readonly string[]): string | undefined {
  let best: { worker: string; score: string } | undefined;
  for (const worker of workers) {
    const score = sha256(`${worker}\n${realm}`);
    if (best === undefined || score > best.score) best = { worker, score };
  }
  return best?.worker;
}

export class Workers {
  readonly id: string;
  readonly #bus: Bus;
  readonly #stage: string;
  readonly #ttlSeconds: number;
  readonly #details: object;
  /** Worker → when this process last heard of it, by its own monotonic clock. */
  readonly #heard = new Map<string, number>();
  #bucket: KV | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopWatch: (() => void) | undefined;

  constructor(bus: Bus, stage: string, ttlSeconds: number, details: { port: number }) {
    this.id = `${stage}-${nuid.next()}`;
    this.#bus = bus;
    this.#stage = stage;
    this.#ttlSeconds = ttlSeconds;
    this.#details = { stage, worker: this.id, host: hostname(), pid: process.pid, ...details };
  }

  /** Announces this worker, and calls `changed` whenever the set of live workers may have changed. */
  async start(changed: () => void): Promise<void> {
    this.#bucket = await new Kvm(this.#bus.nc).open("workers");
    const entries = await this.#bucket.watch({ key: `${this.#stage}.*` });
    this.#stopWatch = () => entries.stop();
    void (async () => {
      for await (const entry of entries) {
        const worker = entry.key.slice(this.#stage.length + 1);
        if (entry.operation === "PUT") this.#heard.set(worker, performance.now());
        else this.#heard.delete(worker);
        changed();
      }
    })();
    await this.#announce();
    this.#timer = setInterval(
      () => {
        this.#announce().catch(() => {}); // Late is as good as dead, and the next beat tries again.
        changed();
      },
      (this.#ttlSeconds * 1_000) / 4,
    );
  }

  /** Live workers of this stage, this one always among them. */
  live(): string[] {
    const oldest = performance.now() - this.#ttlSeconds * 1_000;
    for (const [worker, heard] of this.#heard) if (heard < oldest) this.#heard.delete(worker);
    return [...new Set([this.id, ...this.#heard.keys()])];
  }

  owns(realm: string): boolean {
    return ownerOf(realm, this.live()) === this.id;
  }

  /** Says goodbye, so that others take over at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopWatch?.();
    await this.#bucket?.delete(`${this.#stage}.${this.id}`).catch(() => {});
  }

  #announce() {
    return publishOne(
      this.#bus,
      {
        subject: kvSubject("workers", `${this.#stage}.${this.id}`),
        data: JSON.stringify(this.#details),
        ttlSeconds: this.#ttlSeconds,
      },
      1_000,
    );
  }
}
