/** The realm that the environment names. */
import type { Bus } from "../../shared/bus.ts";
import type { Env } from "../../shared/env.ts";
import { provisionRealm, updateRealms } from "../../shared/provision.ts";
import { loadRuleset } from "../../shared/rulesets.ts";
import { tickSecondsOf } from "../tick-length.ts";

/** Its ruleset: the named one, with the environment's cadence in local mode. */
export async function firstRuleset(env: Env) {
  const ruleset = await loadRuleset(env.AMOI_RULESET);
  return env.TICK_SECONDS === undefined ? ruleset : { ...ruleset, tick_seconds: env.TICK_SECONDS };
}

/**
 * Makes it, and the buckets, and brings every other realm's streams up to date; repeating it changes nothing. Answers whether
 * this call made it, and how long its ticks are, seconds.
 */
export async function provisionFirstRealm(
  bus: Bus,
  env: Env,
): Promise<{ created: boolean; tickSeconds: number }> {
  const limits = { replicas: env.AMOI_REPLICAS, rawMaxBytes: env.AMOI_RAW_MAX_BYTES };
  const { created } = await provisionRealm(bus, {
    realm: env.AMOI_REALM,
    name: env.AMOI_REALM_NAME,
    ruleset: await firstRuleset(env),
    ...limits,
  });
  await updateRealms(bus, limits);
  return { created, tickSeconds: await tickSecondsOf(bus, env.AMOI_REALM) };
}
