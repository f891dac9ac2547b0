/**
 * Provision: the only process that makes streams and buckets, on requests of those who may ask.
 *
 * Reads requests on `provision.realm`, `provision.bucket` and `provision.consumer.>`. Writes the first messages of a realm's
 * streams and of the KV buckets `realms`, `rulesets` and `world`. Keeps nothing. Makes the realm that the environment names
 * before it is ready. Several may run; one answers each request.
 */

import { hostCheck } from "../../shared/auth/hosts.ts";
import { listen, operationsServer } from "../../shared/process/http.ts";
import { pause } from "../../shared/process/pause.ts";
import { ProvisionError } from "../../shared/provision/provision.ts";
import { type Service, serve } from "../../shared/stage/service.ts";
import { provisionFirstRealm } from "./first-realm.ts";
import { answerProvisioning } from "./service.ts";

const RETRY_MS = 1_000;

await serve("provision", async (service) => {
  const { env, bus, log, signal } = service;
  let isMade = false;
  const notReady = () =>
    !bus.connected ? "NATS is away" : isMade ? undefined : `realm ${env.AMOI_REALM} is not made yet`;
  const server = operationsServer({ notReady }, hostCheck(env));
  const answering = answerProvisioning(
    bus,
    { replicas: env.AMOI_REPLICAS, rawMaxBytes: env.AMOI_RAW_MAX_BYTES },
    log,
  );
  const port = await listen(server, env.AMOI_HOST, env.PROVISION_PORT);
  log.info({ port }, "up");
  try {
    await untilMade(service);
    isMade = true;
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  } finally {
    await answering.close();
    await server.close();
  }
  log.info("drained");
});

/** Tries again while NATS can't; what only an operator can put right ends the process. */
async function untilMade({ env, bus, log, signal }: Service): Promise<void> {
  while (!signal.aborted) {
    try {
      const { created } = await provisionFirstRealm(bus, env);
      return log.info({ realm: env.AMOI_REALM }, created ? "the realm is made" : "the realm was there");
    } catch (error) {
      if (error instanceof ProvisionError) throw error;
      log.warn(
        { realm: env.AMOI_REALM, err: error },
        "the realm could not be provisioned; the service tries again",
      );
      await pause(RETRY_MS, signal);
    }
  }
}
