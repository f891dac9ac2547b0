/** A bucket is a cache of the streams: where somebody removed it, it is made again, empty, and filled from them. */
import type { JetStreamApiError } from "@nats-io/jetstream";
import { type Bus, REFUSED } from "./bus.ts";
import { type Bucket, bucketStream } from "./topology.ts";

/** Makes the bucket's stream unless it is there, with as many replicas as `like` has. */
export async function mendBucket(bus: Bus, bucket: Bucket, like: string): Promise<void> {
  try {
    await bus.jsm.streams.info(`KV_${bucket}`);
  } catch (error) {
    if ((error as JetStreamApiError).code !== REFUSED.streamNotFound) throw error;
    const { config } = await bus.jsm.streams.info(like);
    await bus.jsm.streams.add(bucketStream(bucket, config.num_replicas));
  }
}
