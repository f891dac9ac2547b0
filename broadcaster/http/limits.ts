/** Limits of one client, counted by each broadcaster process for itself. */
import { type Env, readEnv } from "../../shared/process/env.ts";
import type { TrustedProxies } from "./address.ts";

export type FeedLimits = {
  connectionsPerAddress: number;
  /** Feeds and streams that an address may open in a minute. */
  openingsPerMinute: number;
  /** Proxies whose address header is believed; absent: the connection's own address counts. */
  proxies: TrustedProxies | undefined;
  /** Origins whose pages may open the feed; absent: any. */
  origins: ReadonlySet<string> | undefined;
  /** What a client may send within a minute: frames of every kind, and their bytes. */
  framesPerMinute: number;
  bytesPerMinute: number;
  /** How long a socket that fell behind has to catch up before it is closed. */
  slowGraceMs: number;
  /** A socket that has to be conflated again within this is closed at once. */
  slowAgainMs: number;
  /** How long a socket has to read up to its close code before it is cut without. */
  closeGraceMs: number;
  /** Without a sign of life for so long a socket is cut; pings go out before. */
  idleSeconds: number;
  /** After so long without any frame a realm's clients are sent an `alive`. */
  silenceMs: number;
};

const proxiesOf = (env: Env): TrustedProxies | undefined =>
  env.AMOI_ADDRESS_HEADER === undefined || env.AMOI_TRUSTED_PROXIES === undefined
    ? undefined
    : { header: env.AMOI_ADDRESS_HEADER, networks: env.AMOI_TRUSTED_PROXIES };

export const limitsOf = (env: Env): FeedLimits => ({
  connectionsPerAddress: env.AMOI_FEED_CONNECTIONS_PER_ADDRESS,
  openingsPerMinute: env.AMOI_FEED_OPENINGS_PER_MINUTE,
  proxies: proxiesOf(env),
  origins: env.AMOI_FEED_ORIGINS,
  framesPerMinute: env.AMOI_FEED_FRAMES_PER_MINUTE,
  bytesPerMinute: env.AMOI_FEED_BYTES_PER_MINUTE,
  slowGraceMs: env.AMOI_FEED_SLOW_SECONDS * 1_000,
  slowAgainMs: 60_000,
  closeGraceMs: 10_000,
  idleSeconds: env.AMOI_FEED_IDLE_SECONDS,
  silenceMs: 20_000,
});

export type ReadLimits = {
  /** Requests a minute and address, but for those that open feeds and streams. */
  perMinute: number;
  /** Event streams at once, of all realms together. */
  streams: number;
  /** How long a client has to read an answer before it is cut. */
  answerMs: number;
};

export const readLimitsOf = (env: Env): ReadLimits => ({
  perMinute: env.AMOI_READS_PER_MINUTE,
  streams: env.AMOI_FEED_STREAMS,
  answerMs: 30_000,
});

/** Those of an environment that says nothing. */
export const FEED_LIMITS: FeedLimits = limitsOf(readEnv({}));
export const READ_LIMITS: ReadLimits = readLimitsOf(readEnv({}));

/** Bytes that may wait for a socket when another frame comes, else that one is dropped: none. uWS takes 0 for no limit. */
export const MAX_WAITING_BYTES = 1;
/** Clients send nothing but a token. */
export const MAX_MESSAGE_BYTES = 4_096;
