/** The operations port of a process: `/metrics`, `/healthz`, `/readyz`. */
import { type FastifyInstance, fastify } from "fastify";
import { registry } from "./metrics.ts";

export type Health = {
  /** Why the process isn't ready, or nothing when it is. */
  notReady(): string | undefined;
};

/** A Fastify server with the three routes; add others before `listen`. */
export function operationsServer(health: Health): FastifyInstance {
  const server = fastify({ logger: false, bodyLimit: 512 * 1024, forceCloseConnections: true });
  server.get("/healthz", () => ({ status: "ok" }));
  server.get("/readyz", (_request, reply) => {
    const reason = health.notReady();
    return reason === undefined ? { status: "ready" } : reply.code(503).send({ status: "not ready", reason });
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  return server;
}

/** Listens and answers the port, which the system chose where `port` is 0. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<number> {
  await server.listen({ host, port });
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return address.port;
}
