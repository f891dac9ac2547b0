/** Every metric of the pipeline. Labels are few and closed: stage, realm, reason; never a player. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const registers = [registry];

export const metrics = {
  inputs: new Counter({
    name: "amoi_stage_inputs_total",
    help: "Input messages folded and committed",
    labelNames: ["stage", "realm"],
    registers,
  }),
  outputs: new Counter({
    name: "amoi_stage_outputs_total",
    help: "Bodies committed, by kind of output and reason",
    labelNames: ["stage", "realm", "kind", "reason"],
    registers,
  }),
  lag: new Gauge({
    name: "amoi_stage_lag_messages",
    help: "Messages of the input stream that are not yet read",
    labelNames: ["stage", "realm"],
    registers,
  }),
  lagSeconds: new Gauge({
    name: "amoi_stage_lag_seconds",
    help: "Age of the oldest of them; 0 when there is none",
    labelNames: ["stage", "realm"],
    registers,
  }),
  natsConnected: new Gauge({
    name: "amoi_nats_connected",
    help: "1 while this process is connected to NATS, 0 while it is away: within 6 s of its last sign of life",
    registers,
  }),
  readersReopened: new Counter({
    name: "amoi_readers_reopened_total",
    help: "Times a reader gave its consumer up and opened another: silence, lost_message, connection, told (by the server)",
    labelNames: ["reason"],
    registers,
  }),
  commitSeconds: new Histogram({
    name: "amoi_commit_seconds",
    help: "From the first try of a commit to its outcome",
    labelNames: ["stage", "realm"],
    buckets: seconds,
    registers,
  }),
  restores: new Counter({
    name: "amoi_restores_total",
    help: "Times a realm's state was restored, by what went before: start, superseded, error",
    labelNames: ["stage", "realm", "reason"],
    registers,
  }),
  refused: new Gauge({
    name: "amoi_realm_refused",
    help: "1 while a realm is not run until an operator has looked; /readyz and the log say what is wrong",
    labelNames: ["stage", "realm", "reason"],
    registers,
  }),
  owned: new Gauge({
    name: "amoi_realm_owned",
    help: "1 while this worker runs the realm",
    labelNames: ["stage", "realm"],
    registers,
  }),
  provisionRequests: new Counter({
    name: "amoi_provision_requests_total",
    help: "Requests to the provision service, by kind and by what came of them: done, refused, busy, unanswered",
    labelNames: ["kind", "outcome"],
    registers,
  }),
  flushedEntries: new Counter({
    name: "amoi_cache_flushed_entries_total",
    help: "KV entries written by the state cache",
    labelNames: ["stage", "realm"],
    registers,
  }),
  clipped: new Counter({
    name: "amoi_clipped_millipoints_total",
    help: "Milli-points cut off, by cap",
    labelNames: ["realm", "by"],
    registers,
  }),
  shadowDecisions: new Gauge({
    name: "amoi_shadow_decisions",
    help: "Decisions on the same candidates since the shadow rules were set, by the realm's own rules (live) and by them",
    labelNames: ["realm", "side", "kind", "reason"],
    registers,
  }),
  shadowClipped: new Gauge({
    name: "amoi_shadow_clipped_millipoints",
    help: "Milli-points cut off since the shadow rules were set, by cap",
    labelNames: ["realm", "side", "by"],
    registers,
  }),
  shadowPoints: new Gauge({
    name: "amoi_shadow_points_millipoints",
    help: "Milli-points granted since the shadow rules were set, by faction",
    labelNames: ["realm", "side", "faction"],
    registers,
  }),
  shadowDiffers: new Gauge({
    name: "amoi_shadow_differing_decisions",
    help: "Candidates whose verdict, or whose points, are others under the shadow rules",
    labelNames: ["realm", "what"],
    registers,
  }),
  shadowErrors: new Gauge({
    name: "amoi_shadow_errors",
    help: "Candidates and reviews that made the shadow rules fail",
    labelNames: ["realm"],
    registers,
  }),
  folded: new Counter({
    name: "amoi_folded_events_total",
    help: "Accepted events that the simulator folded, repeats after a restore included",
    labelNames: ["realm"],
    registers,
  }),
  tick: new Gauge({ name: "amoi_tick", help: "Last committed tick", labelNames: ["realm"], registers }),
  tickLateness: new Gauge({
    name: "amoi_tick_lateness_seconds",
    help: "How long after it was due the last tick's marker was written, by the log's clock; 0 for a manual tick",
    labelNames: ["realm"],
    registers,
  }),
  tickGini: new Gauge({
    name: "amoi_tick_gini_basispoints",
    help: "Gini coefficient of the applied points of those who moved anything in the last tick",
    labelNames: ["realm"],
    registers,
  }),
  forecastSeconds: new Gauge({
    name: "amoi_forecast_seconds",
    help: "What the last forecast took, the turns of other work included",
    labelNames: ["realm"],
    registers,
  }),
  forecastSkill: new Gauge({
    name: "amoi_forecast_skill_basispoints",
    help: "Brier skill of the forecasts that came due last, against saying the same of each; at most 500 of them",
    labelNames: ["realm"],
    registers,
  }),
  forecastCoverage: new Gauge({
    name: "amoi_forecast_coverage_basispoints",
    help: "How often the change fell into the interval of those that had one; 8000 is meant",
    labelNames: ["realm"],
    registers,
  }),
  forecastsScored: new Gauge({
    name: "amoi_forecasts_scored",
    help: "How many forecasts these two are of",
    labelNames: ["realm"],
    registers,
  }),
  forecastAge: new Gauge({
    name: "amoi_forecast_age_ticks",
    help: "Ticks since the one that the newest forecast looks ahead from",
    labelNames: ["realm"],
    registers,
  }),
  tickTopShare: new Gauge({
    name: "amoi_tick_top_share_basispoints",
    help: "What the hundredth of them with the most applied points has of all",
    labelNames: ["realm"],
    registers,
  }),
  tickUsers: new Gauge({
    name: "amoi_tick_users",
    help: "Users who moved anything in the last tick",
    labelNames: ["realm"],
    registers,
  }),
  flips: new Counter({
    name: "amoi_flips_total",
    help: "Territories that changed their controller",
    labelNames: ["realm"],
    registers,
  }),
  burstClips: new Counter({
    name: "amoi_burst_clips_total",
    help: "Factions whose burst cap cut something, counted once a tick",
    labelNames: ["realm"],
    registers,
  }),
  notices: new Counter({
    name: "amoi_notices_total",
    help: "Things that users were told of, by kind and role",
    labelNames: ["realm", "kind", "role"],
    registers,
  }),
  quarantineOpen: new Gauge({
    name: "amoi_quarantine_open_events",
    help: "Quarantined events that wait for a review, by reason",
    labelNames: ["realm", "reason"],
    registers,
  }),
  quarantineOldest: new Gauge({
    name: "amoi_quarantine_oldest_seconds",
    help: "How long the oldest of them has waited; 0 when none does",
    labelNames: ["realm"],
    registers,
  }),
  reviews: new Counter({
    name: "amoi_reviews_total",
    help: "Reviews of quarantined events: released, rejected, expired, or refused to the reviewer",
    labelNames: ["realm", "verdict"],
    registers,
  }),
  tokenFileErrors: new Counter({
    name: "amoi_token_file_errors_total",
    help: "Changes of a file of tokens or keys that could not be read: its last content stays in force",
    registers,
  }),
  stewardKeysTaken: new Counter({
    name: "amoi_steward_keys_taken_total",
    help: "Message ids of the steward's commands that RAW had for a message not the steward's",
    labelNames: ["realm"],
    registers,
  }),
  archivePosition: new Gauge({
    name: "amoi_archive_lag_messages",
    help: "Messages of a stream that Postgres doesn't hold yet",
    labelNames: ["realm", "stream"],
    registers,
  }),
  archiveLagSeconds: new Gauge({
    name: "amoi_archive_lag_seconds",
    help: "How long the oldest message of a stream has waited that Postgres doesn't hold yet; 0 when none does",
    labelNames: ["realm", "stream"],
    registers,
  }),
  archiveErrors: new Counter({
    name: "amoi_archive_errors_total",
    help: "Failed archive transactions",
    labelNames: ["realm"],
    registers,
  }),
  archivedRows: new Counter({
    name: "amoi_archive_rows_total",
    help: "Rows committed to Postgres, of the two tables that grow with play",
    labelNames: ["realm", "table"],
    registers,
  }),
  archiveTrouble: new Gauge({
    name: "amoi_archive_trouble",
    help: "1 while something keeps a place from being archived: a stream, a realm, or all of them (postgres, realms)",
    labelNames: ["place"],
    registers,
  }),
  archiveDisagreements: new Counter({
    name: "amoi_archive_disagreements_total",
    help: "Factions of a tick whose ledger entries don't sum to what the tick's record says",
    labelNames: ["realm"],
    registers,
  }),
  connections: new Gauge({
    name: "amoi_feed_connections",
    help: "Open feed sockets",
    labelNames: ["realm"],
    registers,
  }),
  frames: new Counter({
    name: "amoi_feed_frames_total",
    help: "Frames published to the feed, by type",
    labelNames: ["realm", "type"],
    registers,
  }),
  engine: new Gauge({
    name: "amoi_feed_engine",
    help: "1 for the engine that serves the public port: uws, or ws, which is slower",
    labelNames: ["engine"],
    registers,
  }),
  streams: new Gauge({
    name: "amoi_feed_streams",
    help: "Open server-sent event streams",
    labelNames: ["realm"],
    registers,
  }),
  closes: new Counter({
    name: "amoi_feed_closes_total",
    help: "Feed sockets closed by the server, by code",
    labelNames: ["realm", "code"],
    registers,
  }),
} as const;

const isGauge = (metric: unknown): metric is Gauge => metric instanceof Gauge;

/**
 * Removes every gauge of a realm, of this stage where it names one: a process that no longer owns a realm has nothing to say of it.
 * Counters and histograms stay, since what they count has happened.
 */
export async function forgetRealm(stage: string, realm: string): Promise<void> {
  for (const gauge of Object.values(metrics).filter(isGauge))
    for (const { labels } of (await gauge.get()).values)
      if (labels.realm === realm && (labels.stage ?? stage) === stage) gauge.remove(labels);
}

/** Removes everything that is counted or measured of a realm that has ended: there is no such realm any more, and realms come and go. */
export async function forgetEndedRealm(realm: string): Promise<void> {
  for (const metric of Object.values(metrics) as (Counter | Gauge | Histogram)[])
    for (const { labels } of (await metric.get()).values) {
      // A histogram tells its buckets as labels.
      const { le: _, ...own } = labels as Record<string, string | number>;
      if (own.realm === realm) metric.remove(own);
    }
}
