/** A bucket is a cache of the streams: where somebody removed it, it is made again, empty, and filled from them. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { askForBucket } from "../provision/ask-provision.ts";
import type { Bus } from "./bus.ts";
import { REFUSED } from "./publish.ts";
import type { Bucket } from "./topology.ts";

/** Has the bucket's stream made unless it is there. Throws like `askForBucket`. */
export async function recreateBucket(bus: Bus, bucket: Bucket): Promise<void> {
  try {
    await bus.jsm.streams.info(`KV_${bucket}`);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== REFUSED.streamNotFound) throw error;
    await askForBucket(bus, { bucket });
  }
}
