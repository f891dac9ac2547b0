/** What one client may cost. Each broadcaster process counts for itself. */
import { type Env, readEnv } from "../shared/env.ts";

export type FeedLimits = {
  connectionsPerAddress: number;
  /** Header in which a proxy says whom it forwards; absent: the connection's own address counts. */
  addressHeader: string | undefined;
  /** Origins whose pages may open the feed; absent: any. */
  origins: ReadonlySet<string> | undefined;
  /** What a client may send within a minute: frames of every kind, and their bytes. */
  framesPerMinute: number;
  bytesPerMinute: number;
  /** How long a socket that fell behind has to catch up before it is closed. */
  slowGraceMs: number;
  /** A socket that has to be conflated again so soon is closed at once. */
  slowAgainMs: number;
  /** How long a socket has to read up to its close code before it is cut without. */
  closeGraceMs: number;
  /** Without a sign of life for so long a socket is cut; pings go out before. */
  idleSeconds: number;
  /** After so long without any frame a realm's clients are sent an `alive`. */
  silenceMs: number;
};

export const limitsOf = (env: Env): FeedLimits => ({
  connectionsPerAddress: env.AMOI_FEED_CONNECTIONS_PER_ADDRESS,
  addressHeader: env.AMOI_ADDRESS_HEADER,
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
  /** Reads a minute and address. */
  perMinute: number;
  /** Event streams at once, of all realms together. */
  streams: number;
};

export const readLimitsOf = (env: Env): ReadLimits => ({
  perMinute: env.AMOI_READS_PER_MINUTE,
  streams: env.AMOI_FEED_STREAMS,
});

/** Those of an environment that says nothing. */
export const FEED_LIMITS: FeedLimits = limitsOf(readEnv({}));
export const READ_LIMITS: ReadLimits = readLimitsOf(readEnv({}));

/** Bytes that may wait for a socket when another frame comes, else that one is dropped: none. uWS takes 0 for no limit. */
export const MAX_WAITING_BYTES = 1;
/** Clients send nothing but a token. */
export const MAX_MESSAGE_BYTES = 4_096;
