/**
 * The servers of docker-compose.yml in containers, for tests; where a container engine answers. They are single containers: testcontainers'
 * `DockerComposeEnvironment` starts a service with all that it depends on, which for NATS is the image of the whole project.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  getReaper,
  ImageName,
  Wait,
} from "testcontainers";
import { pickPort } from "../local/ports.ts";
import { testAccounts, urlOf } from "./nats.ts";
import { until } from "./realm.ts";

const ROOT = join(import.meta.dirname, "../..");
const COMPOSE = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
/** An engine that doesn't answer, or a registry that doesn't, counts as none after so long. */
const ENGINE_TIMEOUT_MS = 120_000;
const PASSWORD = randomBytes(18).toString("hex");
const NATS = { client: 4222, monitor: 8222 };

/** What the file says of a service at `pattern`'s first group. Throws where it says nothing. */
function composed(service: string, pattern: RegExp): RegExpExecArray {
  const block = new RegExp(`^  ${service}:\n((?: {4}.*\n)+)`, "m").exec(COMPOSE)?.[1] ?? "";
  const found = pattern.exec(block);
  if (found === null) throw new Error(`docker-compose.yml has no ${pattern} in ${service}`);
  return found;
}

/** `image: ${VARIABLE:-default}`, as compose itself would read it. */
function imageOf(service: string): string {
  const [, variable, fallback] = composed(service, /image: \$\{(\w+):-(.+)\}/);
  return process.env[variable!] || fallback!;
}

/** The engine, with the images of both servers. Answers the reason as text where there is none. */
export async function findEngine(): Promise<ContainerRuntimeClient | string> {
  const found = async () => {
    const engine = await getContainerRuntimeClient();
    for (const service of ["nats", "postgres"]) {
      const image = ImageName.fromString(imageOf(service));
      await engine.image.pull(image);
      // A pull that fails half-way ends like one that succeeds.
      if (!(await engine.image.exists(image))) throw new Error(`the image ${image.string} can't be pulled`);
    }
    await getReaper(engine);
    return engine;
  };
  const late = new Promise<string>((resolve) => {
    setTimeout(resolve, ENGINE_TIMEOUT_MS, `no engine within ${ENGINE_TIMEOUT_MS / 1_000} s`).unref();
  });
  return Promise.race([found().catch((error) => `${error instanceof Error ? error.message : error}`), late]);
}

export type NatsContainer = {
  url: string;
  monitorUrl: string;
  /** `kill -9` of the container, and starts the same one: what is on its disk is all that it has. */
  killAndStart(): Promise<void>;
  stop(): Promise<unknown>;
};

/**
 * NATS as docker-compose.yml runs it, with the accounts and passwords of the tests; `hasty`: it acknowledges before its disk has
 * it. Its `url` is for the user `provision`.
 */
export async function natsContainer(
  engine: ContainerRuntimeClient,
  { hasty = false } = {},
): Promise<NatsContainer> {
  const [, source, target] = composed("nats", /- (\.\/.+\.conf):(.+):ro/);
  const [, accountsFolder] = composed("nats", /- nats-accounts:(.+):ro/);
  const configuration = readFileSync(join(ROOT, source!), "utf8");
  const asComposed = JSON.parse(composed("nats", /command: (\[.+\])/)[1]!) as string[];
  // Fixed ports: a container that starts again would get others.
  const ports = { client: await pickPort(), monitor: await pickPort() };
  const container = await new GenericContainer(imageOf("nats"))
    .withCopyContentToContainer([
      { content: hasty ? configuration.replace(/sync_interval: .*/, "") : configuration, target: target! },
      { content: JSON.stringify({ accounts: testAccounts() }), target: `${accountsFolder}/accounts.conf` },
    ])
    .withCommand(asComposed)
    .withExposedPorts(
      { container: NATS.client, host: ports.client },
      { container: NATS.monitor, host: ports.monitor },
    )
    .withWaitStrategy(Wait.forHttp("/healthz", NATS.monitor))
    .start();
  const monitorUrl = `http://${container.getHost()}:${ports.monitor}`;
  return {
    url: urlOf(`nats://${container.getHost()}:${ports.client}`, "provision"),
    monitorUrl,
    killAndStart: async () => {
      const running = engine.container.getById(container.getId());
      await running.kill();
      await running.wait();
      await running.start();
      await until(async () => (await fetch(`${monitorUrl}/healthz`).catch(() => undefined))?.ok, 30);
    },
    stop: () => container.stop({ timeout: 0 }),
  };
}

/** PostgreSQL as docker-compose.yml runs it, with an empty database. Answers once it listens. */
export async function postgresContainer(): Promise<{ url: string; stop(): Promise<unknown> }> {
  const user = composed("postgres", /POSTGRES_USER: (\w+)/)[1]!;
  const database = composed("postgres", /POSTGRES_DB: (\w+)/)[1]!;
  const container = await new GenericContainer(imageOf("postgres"))
    .withEnvironment({ POSTGRES_USER: user, POSTGRES_DB: database, POSTGRES_PASSWORD: PASSWORD })
    .withExposedPorts(5432)
    // The image's first, passing server, which makes the database, listens on no address.
    .withWaitStrategy(Wait.forLogMessage(/listening on IPv4 address/))
    .start();
  const address = `${container.getHost()}:${container.getMappedPort(5432)}`;
  return {
    url: `postgres://${user}:${PASSWORD}@${address}/${database}`,
    stop: () => container.stop({ timeout: 0 }),
  };
}
