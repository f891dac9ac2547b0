/** Which realms there are, each followed by itself from the moment it is provisioned. */
import { setTimeout as delay } from "node:timers/promises";
import { readBucket, watchBucket } from "../shared/bucket.ts";
import { lastOf } from "../shared/bus.ts";
import { RealmEntry } from "../shared/realm-entries.ts";
import { type Service, watchRealms } from "../shared/service.ts";
import { forecastKey, kvSubject } from "../shared/topology.ts";
import type { Channel, Feed } from "./feed.ts";
import { follow, readForecast } from "./follow.ts";

/** The first realms are restored before anyone is served, unless one takes longer than this. */
const RESTORE_PATIENCE_MS = 10_000;
const LOOK_MS = 20;

export class Realms {
  readonly #service: Service;
  readonly #feed: Feed;

  constructor(service: Service, feed: Feed) {
    this.#service = service;
    this.#feed = feed;
  }

  /** Follows every realm until the signal. */
  async follow(): Promise<void> {
    const { bus, log, signal } = this.#service;
    const following: Promise<void>[] = [this.#followForecasts()];
    await watchRealms(this.#service, (realm) => {
      let channel = this.#feed.channels.get(realm);
      if (channel === undefined) {
        channel = this.#feed.open(realm);
        following.push(follow({ bus, realm, log, signal, audience: channel }));
      }
      void this.#readName(channel);
    });
    await Promise.all(following);
  }

  /** One watch for all realms. A view that is restored reads the last forecast by itself. */
  #followForecasts(): Promise<void> {
    const { bus, signal } = this.#service;
    const changed = (key: string, value: string | undefined) => {
      const realm = key.slice(0, key.lastIndexOf("."));
      const forecast = value === undefined ? undefined : readForecast(value, realm);
      if (forecast !== undefined) this.#feed.channels.get(realm)?.forecasted(forecast);
    };
    return watchBucket(bus, { bucket: "world", keys: forecastKey("*"), changed }, signal);
  }

  /** Why not every realm is shown, or nothing when each is. */
  missing(): string | undefined {
    const channels = [...this.#feed.channels.values()];
    if (channels.length === 0) return "no realm is provisioned";
    const absent = channels.find(({ view }) => view === undefined);
    return absent && `realm ${absent.realm} is not restored yet`;
  }

  /** Waits until the realms that are provisioned by now are shown, so that none of them is answered with 404. */
  async restored(): Promise<void> {
    const { log, signal } = this.#service;
    const look = () => delay(LOOK_MS, undefined, { signal }).catch(() => {});
    while (this.#feed.channels.size === 0 && !signal.aborted) await look();
    if (signal.aborted) return;
    const provisioned = await this.#provisioned();
    const patienceEndsMs = performance.now() + RESTORE_PATIENCE_MS;
    while (provisioned.some((realm) => this.#feed.channels.get(realm)?.view === undefined)) {
      if (signal.aborted) return;
      if (performance.now() > patienceEndsMs)
        return log.warn({ reason: this.missing() }, "serving without it");
      await look();
    }
  }

  async #provisioned(): Promise<string[]> {
    return (await readBucket(this.#service.bus, "realms", ">")).map(({ key }) => key);
  }

  /** A name is for people: a realm whose name can't be read goes by its id. */
  async #readName(channel: Channel): Promise<void> {
    const { bus, log } = this.#service;
    try {
      const entry = await lastOf(bus, "KV_realms", kvSubject("realms", channel.realm));
      if (entry !== undefined) channel.name = RealmEntry.parse(JSON.parse(entry.text())).name;
    } catch (error) {
      log.warn({ realm: channel.realm, reason: String(error) }, "the realm's name can't be read");
    }
  }
}
