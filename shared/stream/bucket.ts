/**
 * KV buckets, read and watched: the one way in which a process learns what a bucket holds and how it changes. A watch heals itself
 * as every reader does, and goes on where the bucket is made anew.
 */

import { Backoff } from "../process/backoff.ts";
import { pause } from "../process/pause.ts";
import type { Bus } from "./bus.ts";
import { textOf } from "./codec.ts";
import { lastOf, streamEnds } from "./last-message.ts";
import { REFUSED } from "./publish.ts";
import { Reader } from "./reader.ts";
import { type Bucket, kvSubject } from "./topology.ts";

export type Watch = {
  bucket: Bucket;
  /** Keys, where `*` stands for one token and a last `>` for all further ones. */
  keys: string;
  /** Called with every key that there is, and with each change; `undefined` where the key was removed. Keys that expire say nothing. */
  changed(key: string, value: string | undefined): void;
  /** Called while there is no such bucket, before each further look. */
  missing?(): Promise<void>;
};

const TAKEN_AT_ONCE = 1_000;
const RETRY_MS = { first: 250, longest: 5_000 };

/** Until the signal, whatever becomes of NATS and of the bucket. A bucket that is made anew is read from its beginning. */
export async function watchBucket(bus: Bus, watch: Watch, signal: AbortSignal): Promise<void> {
  const stream = `KV_${watch.bucket}`;
  const backoff = new Backoff(RETRY_MS);
  while (!signal.aborted) {
    try {
      await watchOnce(bus, stream, watch, signal, () => backoff.reset());
    } catch (error) {
      if (signal.aborted) return;
      bus.log.warn(
        { bucket: watch.bucket, reason: String(error) },
        "the bucket can't be watched; the watch is opened again",
      );
      if ((error as { code?: number }).code === REFUSED.streamNotFound)
        await watch
          .missing?.()
          .catch((reason: unknown) =>
            bus.log.warn(
              { bucket: watch.bucket, reason: String(reason) },
              "the missing bucket could not be made again; the next attempt follows",
            ),
          );
      await pause(backoff.next(), signal);
    }
  }
}

async function watchOnce(
  bus: Bus,
  stream: string,
  { bucket, keys, changed }: Watch,
  signal: AbortSignal,
  well: () => void,
): Promise<void> {
  const { created, firstSeq: from } = await streamEnds(bus, stream);
  const prefix = kvSubject(bucket, "");
  const reader = new Reader(bus, { stream, subjects: [prefix + keys], created, from, gapless: false });
  try {
    while (!signal.aborted)
      for (const { subject, data } of await reader.take(TAKEN_AT_ONCE, signal)) {
        well();
        changed(subject.slice(prefix.length), data.length === 0 ? undefined : textOf(data));
      }
  } finally {
    await reader.close();
  }
}

/** What a bucket holds under `keys`, from its leader, ordered by key. Throws what NATS throws, also where it is missing. */
export async function readBucket(
  bus: Bus,
  bucket: Bucket,
  keys: string,
): Promise<{ key: string; value: string }[]> {
  const stream = `KV_${bucket}`;
  const prefix = kvSubject(bucket, "");
  const { state } = await bus.jsm.streams.info(stream, { subjects_filter: prefix + keys });
  const names = Object.keys(state.subjects ?? {}).sort();
  const held = await Promise.all(
    names.map(async (name) => ({
      key: name.slice(prefix.length),
      value: (await lastOf(bus, stream, name))?.text() ?? "",
    })),
  );
  return held.filter(({ value }) => value !== "");
}
