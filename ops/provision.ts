/** Makes the buckets and the realm that the environment names, and ends. Repeating it changes nothing. */
import { openBus } from "../shared/bus.ts";
import { Durability } from "../shared/durability.ts";
import { type Env, EnvError, readEnv } from "../shared/env.ts";
import { openLog } from "../shared/log.ts";
import { provisionRealm, updateRealms } from "../shared/provision.ts";
import { loadRuleset } from "../shared/rulesets.ts";
import { ignoredTickLength, tickSecondsOf } from "./tick-length.ts";

/** The first realm's ruleset: the named one, with the environment's cadence in local mode. */
export async function firstRuleset(env: Env) {
  const ruleset = await loadRuleset(env.AMOI_RULESET);
  return env.TICK_SECONDS === undefined ? ruleset : { ...ruleset, tick_seconds: env.TICK_SECONDS };
}

/** A server that restarts meanwhile is waited for, ms. */
const PATIENCE_MS = 30_000;

/**
 * Provisions the environment's realm on the NATS server at `natsUrl`, and brings every other one's streams up to date. Answers
 * whether this call made the realm, and how long its ticks are, seconds.
 */
export async function provision(
  env: Env,
  natsUrl: string,
): Promise<{ created: boolean; tickSeconds: number }> {
  const bus = await openBus({ natsUrl, name: "provision" });
  try {
    const log = openLog(env, "provision");
    await new Durability(env, log).asserted(AbortSignal.timeout(PATIENCE_MS));
    const limits = { replicas: env.AMOI_REPLICAS, rawMaxBytes: env.AMOI_RAW_MAX_BYTES };
    const { created } = await provisionRealm(bus, {
      realm: env.AMOI_REALM,
      name: env.AMOI_REALM_NAME,
      ruleset: await firstRuleset(env),
      ...limits,
    });
    await updateRealms(bus, limits);
    return { created, tickSeconds: await tickSecondsOf(bus, env.AMOI_REALM) };
  } finally {
    await bus.close();
  }
}

if (import.meta.main) {
  try {
    const env = readEnv(process.env);
    if (env.NATS_URL === undefined) throw new EnvError("NATS_URL is required");
    const { created, tickSeconds } = await provision(env, env.NATS_URL);
    console.log(`realm ${env.AMOI_REALM} ${created ? "made" : "was there"}`);
    const ignored = ignoredTickLength(env, tickSeconds);
    if (ignored !== undefined) console.log(ignored);
  } catch (error) {
    console.error(`provision: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
