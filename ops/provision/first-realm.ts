/** The realm that the environment names. */

import type { Env } from "../../shared/process/env.ts";
import {
  EndedError,
  provisionBuckets,
  provisionRealm,
  registerRealms,
  updateRealms,
} from "../../shared/provision/provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { tickSecondsOf } from "../tools/tick-length.ts";
import { removeEnded } from "./end-realm.ts";

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
  const ruleset = await firstRuleset(env);
  const { AMOI_REALM: realm, AMOI_REALM_NAME: name } = env;
  try {
    const { created } = await provisionRealm(bus, { realm, name, ruleset, ...limits });
    await bringUpToDate(bus, limits);
    return { created, tickSeconds: await tickSecondsOf(bus, realm) };
  } catch (error) {
    // It was ended on purpose, which is no reason to keep the other realms from running.
    if (!(error instanceof EndedError)) throw error;
    await provisionBuckets(bus, env.AMOI_REPLICAS);
    await bringUpToDate(bus, limits);
    return { created: false, tickSeconds: ruleset.tick_seconds };
  }
}

async function bringUpToDate(bus: Bus, limits: Parameters<typeof updateRealms>[1]): Promise<void> {
  await registerRealms(bus);
  await updateRealms(bus, limits);
  await removeEnded(bus);
}
