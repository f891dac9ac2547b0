/** Structured logs: JSON lines on standard error, so that standard output stays what a command prints. */
import { type Logger, pino } from "pino";
import type { Env } from "./env.ts";

export type Log = Logger;

export const openLog = (env: Env, stage: string): Log =>
  pino(
    { level: env.AMOI_LOG_LEVEL, base: { stage, pid: process.pid } },
    pino.destination({ fd: 2, sync: true }),
  );
