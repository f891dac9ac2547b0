/** The topology as data: every stream and bucket with its limits. `provision.ts` makes it so, services assert it. */
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { eventsStream, rawStream, subjects, validStream, worldStream } from "./subjects.ts";

export type StreamSpec = Partial<StreamConfig> & Pick<StreamConfig, "name" | "subjects">;

/** Messages in one atomic batch, the server's default limit. */
export const MAX_BATCH_MESSAGES = 1_000;
/**
 * Atomic batches that may be open on one stream at once, as the launcher's and compose's NATS have it (the server's default is 50).
 * A batch without a commit is on disk outside the stream's limits for as long as somebody adds to it, or 10 s.
 */
export const MAX_OPEN_BATCHES = 16;
/** Largest message that the launcher's and compose's NATS take: a snapshot of the largest realm fits. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
/** JetStream's own window for repeated message ids. */
const DUPLICATE_WINDOW_MS = 120_000;

const durable = (replicas: number): Partial<StreamConfig> => ({
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  num_replicas: replicas,
  allow_atomic: true,
  allow_rollup_hdrs: true,
  allow_direct: false,
});

/** A realm's four streams. RAW alone has limits: elsewhere an aged-out position would reset a stage's fence. */
export function realmStreams(
  realm: string,
  options: { replicas: number; rawMaxBytes: number },
): StreamSpec[] {
  const log = durable(options.replicas);
  return [
    {
      ...log,
      name: rawStream(realm),
      subjects: [subjects.rawCandidate(realm), subjects.rawCommand(realm), subjects.playerCommand(realm)],
      allow_rollup_hdrs: false,
      discard: DiscardPolicy.New,
      max_bytes: options.rawMaxBytes,
      max_msg_size: 256 * 1024,
      max_age: nanos(7 * 24 * 3_600_000),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    },
    {
      ...log,
      name: validStream(realm),
      subjects: [
        subjects.validCandidate(realm),
        subjects.ingestRejected(realm),
        subjects.validCommand(realm),
        subjects.position("ingest", realm),
      ],
    },
    {
      ...log,
      name: eventsStream(realm),
      subjects: [`events.*.${realm}`, subjects.position("normalizer", realm)],
    },
    {
      ...log,
      name: worldStream(realm),
      subjects: [
        subjects.tick(realm),
        subjects.delta(realm),
        subjects.notices(realm),
        subjects.settledCommands(realm),
        subjects.snapshot(realm),
        subjects.position("simulator", realm),
      ],
    },
  ];
}

/**
 * KV buckets, shared by all realms. `ttl` allows per-key TTLs. `fenced`: written in batches behind a watermark that is rolled up.
 * The others allow neither: a rollup of `all` would empty the bucket, and a batch without a commit is kept beyond its limits.
 */
export const BUCKETS = {
  /** The normalizer's state. */
  caps: { ttl: true, fenced: true },
  /** `<realm>`: the latest snapshot, for readers. */
  world: { ttl: false, fenced: false },
  /** `<realm>.<version>`. */
  rulesets: { ttl: false, fenced: false },
  /** `<realm>`: its name and when it was made. */
  realms: { ttl: false, fenced: false },
  /** `<stage>.<worker>`: a live worker, its host and port. */
  workers: { ttl: true, fenced: false },
} as const satisfies Record<string, { ttl: boolean; fenced: boolean }>;
export type Bucket = keyof typeof BUCKETS;

/**
 * Every process may write to `workers`, even those that may write nowhere else. So the bucket has a bound, and its entries an age
 * limit, whatever TTL they carry. A full bucket drops the oldest entry: a live worker announces again soon, while a worker whose
 * first announcement found no room would never start.
 */
const WORKERS_LIMITS: Partial<StreamConfig> = {
  max_age: nanos(10 * 60_000),
  max_bytes: 16 * 1024 * 1024,
  max_msgs: 4_096,
  max_msg_size: 4_096,
  discard: DiscardPolicy.Old,
};

/** The stream behind a bucket, made directly: atomic batches need `allow_atomic`, which a KV client doesn't set. */
export function bucketStream(bucket: Bucket, replicas: number): StreamSpec {
  return {
    ...durable(replicas),
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.New,
    allow_msg_ttl: BUCKETS[bucket].ttl,
    allow_atomic: BUCKETS[bucket].fenced,
    allow_rollup_hdrs: BUCKETS[bucket].fenced,
    ...(bucket === "workers" && WORKERS_LIMITS),
    deny_delete: true,
  };
}
export const kvSubject = (bucket: Bucket, key: string) => `$KV.${bucket}.${key}`;

/** Where the realm's newest forecast is, in KV `world`. */
export const forecastKey = (realm: string) => `${realm}.forecast`;
/** What the owner remembers of its forecasts, for their record. */
export const forecastLogSubject = (realm: string) => kvSubject("world", `${realm}.forecast_log`);
export const forecastSubject = (realm: string) => kvSubject("world", forecastKey(realm));
