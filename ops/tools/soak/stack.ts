/** A stack of the launcher's own with many realms, in a folder of its own, and an observer beside it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Env, readEnv } from "../../../shared/process/env.ts";
import { type Bus, openBus } from "../../../shared/stream/bus.ts";
import { PORT_VARIABLES } from "../../local/checks.ts";
import { newPassword } from "../../local/credentials.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { httpUrl } from "../../local/stages.ts";
import { Observer } from "./observe.ts";

/** The realm that the launcher makes. */
export const FIRST_REALM = "busy";
const OPERATIONS = PORT_VARIABLES.filter((name) => name !== "FEED_PORT");

export type ObservedStack = {
  stack: Stack;
  /** Of the user who may do everything. */
  bus: Bus;
  observer: Observer;
  env: Env;
  environment: Record<string, string | undefined>;
  /** Makes a realm through the internal API, as an operator would. */
  makeRealm(realm: string): Promise<void>;
};

/** Runs `body` on a new stack and removes it afterwards. `more`: environment, such as `TICK_SECONDS`. */
export async function withObservedStack<T>(
  more: Record<string, string>,
  say: (line: string) => void,
  body: (observed: ObservedStack) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "amoisekai-soak-"));
  const ports = Object.fromEntries(PORT_VARIABLES.map((name) => [name, "0"]));
  const INTERNAL_TOKEN = newPassword();
  const environment = {
    ...process.env,
    ...ports,
    AMOI_REALM: FIRST_REALM,
    ...more,
    DATA_DIR: dataDir,
    INTERNAL_TOKEN,
  };
  const env = readEnv(environment);
  const stack = await startStack(env, { environment, say });
  const bus = await openBus({ natsUrl: stack.natsOf("provision"), name: "observer" });
  try {
    const pages = OPERATIONS.map((name) => `${httpUrl(env.AMOI_HOST, stack.ports[name])}/metrics`);
    return await body({
      stack,
      bus,
      observer: new Observer(bus, () => stack.supervisor.pids(), pages),
      env,
      environment,
      makeRealm: (realm) => makeRealm(stack, INTERNAL_TOKEN, realm),
    });
  } finally {
    await bus.close();
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function makeRealm(stack: Stack, token: string, realm: string): Promise<void> {
  const answer = await fetch(`${stack.urls.internal}/internal/world/realms`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ realm_id: realm, name: realm }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`realm ${realm} was not made: ${answer.status} ${await answer.text()}`);
}
