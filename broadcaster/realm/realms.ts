/** Which realms there are, each followed by itself from the moment it is provisioned. */

import { forgetEndedRealm } from "../../shared/process/metrics.ts";
import { pause } from "../../shared/process/pause.ts";
import { RealmEnded, RealmEntry } from "../../shared/provision/realm-entries.ts";
import { type Service, watchRealms } from "../../shared/stage/service.ts";
import { readBucket, watchBucket } from "../../shared/stream/bucket.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { forecastKey, kvSubject } from "../../shared/stream/topology.ts";
import type { Channel } from "../feed/channel.ts";
import type { Feed } from "../feed/feed.ts";
import { follow, readForecast } from "./follow.ts";

/** The first realms are restored before anyone is served, unless one takes longer than this. */
const RESTORE_PATIENCE_MS = 10_000;
const LOOK_MS = 20;

export class Realms {
  readonly #service: Service;
  readonly #feed: Feed;
  readonly #followed = new Map<string, { stop: AbortController; done: Promise<void> }>();

  constructor(service: Service, feed: Feed) {
    this.#service = service;
    this.#feed = feed;
  }

  /** Follows every realm until the signal. */
  async follow(): Promise<void> {
    const { bus, log, signal } = this.#service;
    const forecasts = this.#followForecasts();
    const ending = new Set<Promise<void>>();
    await watchRealms(this.#service, (realm, state) => {
      if (this.#feed.channels.ended.has(realm)) return;
      if (state === "ended") {
        const gone = this.#end(realm).finally(() => ending.delete(gone));
        ending.add(gone);
        return;
      }
      let channel = this.#feed.channels.get(realm);
      if (channel === undefined) {
        channel = this.#feed.open(realm);
        const stop = new AbortController();
        const either = AbortSignal.any([signal, stop.signal]);
        const done = follow({ bus, realm, log, signal: either, audience: channel });
        this.#followed.set(realm, { stop, done });
      }
      void this.#readName(channel);
    });
    const followed = [...this.#followed.values()].map(({ done }) => done);
    await Promise.all([forecasts, ...followed, ...ending]);
  }

  /** Lets go of a realm that has ended, with all that is told of it. */
  async #end(realm: string): Promise<void> {
    const { log, signal } = this.#service;
    const channel = this.#feed.end(realm);
    if (channel === undefined) return;
    log.info({ realm }, "the realm has ended: its clients are told so");
    const followed = this.#followed.get(realm);
    this.#followed.delete(realm);
    followed?.stop.abort(new RealmEnded(realm));
    await followed?.done;
    while (channel.clients.size > 0 && !signal.aborted) await this.#look();
    await forgetEndedRealm(realm);
  }

  readonly #look = () => pause(LOOK_MS, this.#service.signal);

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
    if (channels.length === 0 && this.#feed.channels.ended.size === 0) return "no realm is provisioned";
    const absent = channels.find(({ view }) => view === undefined);
    return absent && `realm ${absent.realm} is not restored yet`;
  }

  /** Waits until the realms that are provisioned by now are shown, or known to have ended, so that no existing realm is answered with 404. */
  async restored(): Promise<void> {
    const { log, signal } = this.#service;
    const { channels } = this.#feed;
    while (channels.size + channels.ended.size === 0 && !signal.aborted) await this.#look();
    if (signal.aborted) return;
    const provisioned = await this.#provisioned();
    const patienceEndsMs = performance.now() + RESTORE_PATIENCE_MS;
    while (
      provisioned.some((realm) => !channels.ended.has(realm) && channels.get(realm)?.view === undefined)
    ) {
      if (signal.aborted) return;
      if (performance.now() > patienceEndsMs)
        return log.warn({ reason: this.missing() }, "the public port opens without this realm");
      await this.#look();
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
      log.warn(
        { realm: channel.realm, reason: String(error) },
        "the realm's display name could not be read; its id is shown",
      );
    }
  }
}
