/** A stage as a process: connects, announces itself, runs the realms that it owns, serves its operations port, drains. */

import { errors } from "@nats-io/transport-node";
import type { FastifyInstance } from "fastify";
import { hostCheck } from "../auth/hosts.ts";
import { Id } from "../contracts/ids.ts";
import { armCrash } from "../process/crash.ts";
import { type Env, EnvError, readEnv } from "../process/env.ts";
import { type Health, listen, operationsServer } from "../process/http.ts";
import { type Log, openLog } from "../process/log.ts";
import { forgetEndedRealm } from "../process/metrics.ts";
import { pause } from "../process/pause.ts";
import { askForBucket } from "../provision/ask-provision.ts";
import { RealmEnded, type RealmState, stateIn } from "../provision/realm-entries.ts";
import { watchBucket } from "../stream/bucket.ts";
import { type Bus, openBus } from "../stream/bus.ts";
import { Durability } from "../stream/durability.ts";
import { NatsAccessError, natsAccess, withoutSecrets } from "../stream/nats-connection.ts";
import { KnownRealms } from "./known-realms.ts";
import { Workers } from "./ownership.ts";
import type { Stage } from "./stage.ts";
import { StageRunner } from "./stage-runner.ts";

/** Aborted by SIGTERM or SIGINT. */
export function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.once(name, () => controller.abort(new Error(name)));
  return controller.signal;
}

export type Service = { env: Env; bus: Bus; log: Log; signal: AbortSignal };

/** Reads the environment and runs `body`; one clear line and exit code 1 for a configuration that can't work. */
export async function serve(name: string, body: (service: Service) => Promise<void>): Promise<void> {
  let env: Env;
  try {
    env = readEnv(process.env, name);
    if (env.NATS_URL === undefined)
      throw new EnvError("NATS_URL is required to run a stage by itself; npm start starts all");
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    process.stderr.write(`${name}: ${error.message.split("\n").join(`\n${name}: `)}\n`);
    process.exitCode = 1;
    return;
  }
  armCrash(env.AMOI_CRASH_AT);
  const log = openLog(env, name);
  const stop = new AbortController();
  const signal = AbortSignal.any([untilSignal(), stop.signal]);
  const bus = await connected(env, name, log, signal);
  if (bus === undefined) return;
  const durability = new Durability(env, log);
  let loose: unknown;
  try {
    await durability.asserted(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    const keeping = durability.keepAsserted(signal).catch((error: unknown) => {
      loose = error;
      stop.abort(error);
    });
    if (!signal.aborted) await body({ env, bus, log, signal });
    stop.abort();
    await keeping;
    if (loose !== undefined) throw loose;
  } catch (error) {
    log.fatal({ err: error }, "stopped");
    process.exitCode = 1;
  } finally {
    await bus.close();
  }
}

/** Connects, however long NATS is away. `undefined` once the signal is aborted, or where the servers must not be used. */
async function connected(env: Env, name: string, log: Log, signal: AbortSignal): Promise<Bus | undefined> {
  while (!signal.aborted) {
    try {
      return await openBus({ ...natsAccess(env, name), name, log });
    } catch (error) {
      if (error instanceof NatsAccessError) {
        process.stderr.write(`${name}: ${error.message}\n`);
        process.exitCode = 1;
        return undefined;
      }
      if (
        error instanceof errors.AuthorizationError ||
        error instanceof errors.UserAuthenticationExpiredError
      )
        log.error(
          { url: withoutSecrets(env.NATS_URL ?? ""), reason: String(error) },
          "NATS refuses this process's user or password: check NATS_URL, AMOI_NATS_PASSWORD or AMOI_NATS_CREDS; trying again",
        );
      else
        log.warn({ reason: String(error) }, "NATS doesn't answer yet; the process tries again every second");
      await pause(1_000, signal);
    }
  }
  return undefined;
}

/** Calls back with every realm known so far, and with each that is added or changed, until the signal. Waits for provisioning. */
export function watchRealms(
  { bus, log, signal }: Service,
  found: (realm: string, state: RealmState) => void,
): Promise<void> {
  const changed = (realm: string, entry: string | undefined) => {
    if (entry === undefined) return;
    // A key written by hand is logged and ignored, so that it harms no realm.
    if (Id.safeParse(realm).success) found(realm, stateIn(entry));
    else log.error({ key: realm }, "KV realms has a key that is no realm's id: it is left out");
  };
  // With the bucket the list of realms is lost: provision finds the realms again by their streams.
  const missing = async () => {
    await askForBucket(bus, { bucket: "realms" });
  };
  return watchBucket(bus, { bucket: "realms", keys: ">", changed, missing }, signal);
}

export type StageServer = {
  port: number;
  /** Adds the stage's own routes before it listens. */
  routes?(server: FastifyInstance, realms: KnownRealms): void;
};

/** Runs a stage until the signal: every realm that rendezvous hashing gives this worker. */
export async function runStage<State>(
  stage: Stage<State>,
  service: Service,
  web: StageServer,
): Promise<void> {
  const { bus, env, log } = service;
  const known = new KnownRealms();
  const health: Health = {
    notReady: () =>
      !bus.connected ? "NATS is away" : known.size === 0 ? "no realm is provisioned" : undefined,
  };
  const server = operationsServer(health, hostCheck(env));
  web.routes?.(server, known);
  const port = await listen(server, env.AMOI_HOST, web.port);
  await runRealms(service, {
    name: stage.name,
    port,
    found: (realm, state) => known.heard(realm, state),
    run: (realm, { worker, signal, ending }) =>
      new StageRunner(stage, bus, realm, worker, log).run(signal, ending),
  });
  await server.close();
  log.info("drained");
}

export type RealmRunner = {
  /** Under which workers of this kind announce themselves. */
  name: string;
  /** The operations port, for the announcement. */
  port: number;
  /** Called with every realm that exists or existed, whichever worker owns it. */
  found(realm: string, state: RealmState): void;
  /** Runs a realm until the signal. */
  run(realm: string, running: Running): Promise<void>;
};

type Running = {
  /** This worker's id. */
  worker: string;
  /** Aborted when the realm moves to another worker or has ended (`RealmEnded`), or all ends. */
  signal: AbortSignal;
  /** Aborted once the realm is ending. */
  ending: AbortSignal;
};

/** Announces this process as a worker, and runs every realm that rendezvous hashing gives it, until the signal. */
export async function runRealms(service: Service, { name, port, found, run }: RealmRunner): Promise<void> {
  const { bus, env, log, signal } = service;
  /** Realms that have not ended; aborted: they are ending. */
  const known = new Map<string, AbortController>();
  const running = new Map<string, { stop: AbortController; done: Promise<void> }>();
  const workers = new Workers(bus, name, env.AMOI_WORKER_TTL_SECONDS, { port });
  await workers.start(settle, signal);

  /** Starts the realms that this worker owns and stops the others. */
  function settle(): void {
    if (signal.aborted) return;
    for (const [realm, { signal: ending }] of known) {
      const mine = running.get(realm);
      if (workers.owns(realm) && mine === undefined) {
        const stop = new AbortController();
        const either = AbortSignal.any([signal, stop.signal]);
        const done = run(realm, { worker: workers.id, signal: either, ending }).finally(() =>
          running.delete(realm),
        );
        running.set(realm, { stop, done });
      } else if (!workers.owns(realm)) mine?.stop.abort(new Error("the realm moved to another worker"));
    }
  }

  /** Nothing of an ended realm stays in this process. */
  async function letGo(realm: string): Promise<void> {
    if (known.delete(realm)) log.info({ realm }, "the realm has ended");
    const mine = running.get(realm);
    mine?.stop.abort(new RealmEnded(realm));
    await mine?.done;
    await forgetEndedRealm(realm);
  }

  log.info({ port, worker: workers.id }, "up");
  await watchRealms(service, (realm, state) => {
    found(realm, state);
    if (state === "ended") void letGo(realm);
    else {
      const ending = known.get(realm) ?? new AbortController();
      known.set(realm, ending);
      if (state === "ending" && !ending.signal.aborted) {
        log.info({ realm }, "the realm is ending: it accepts nothing more, and what it accepted is archived");
        ending.abort();
      }
    }
    settle();
  });
  await Promise.all([...running.values()].map(({ done }) => done));
  await workers.stop();
}
