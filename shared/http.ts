/** The operations port of a process: `/metrics`, `/healthz`, `/readyz`. */
import type { Socket } from "node:net";
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { PROBLEM_JSON, problem, statusLine } from "./contracts/problem.ts";
import { registry } from "./metrics.ts";

export type Health = {
  /** Why the process isn't ready, or nothing when it is. */
  notReady(): string | undefined;
};

/** A Fastify server with the three routes; add others before `listen`. */
export function operationsServer(health: Health): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: 512 * 1024,
    forceCloseConnections: true,
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
  });
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

/** Answers a path that can't be read, or no route could have. */
function refuseUnroutable(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  const answer = error.statusCode === 414 ? problem(404, "no such resource") : problem(400, error.message);
  reply.code(answer.status).type(PROBLEM_JSON).send(answer);
}

/** Answers what is not HTTP, as far as anybody still listens, and hangs up. */
function refuseUnreadable(error: Error & { code: string }, socket: Socket): void {
  if (socket.writable && error.code !== "ECONNRESET") {
    const overflow = error.code === "HPE_HEADER_OVERFLOW";
    const [status, detail] = overflow
      ? ([431, "the headers are larger than is taken"] as const)
      : ([400, "not an HTTP request"] as const);
    const body = JSON.stringify(problem(status, detail));
    const length = Buffer.byteLength(body);
    const head = `Content-Type: ${PROBLEM_JSON}\r\nContent-Length: ${length}\r\nConnection: close`;
    socket.write(`HTTP/1.1 ${statusLine(status)}\r\n${head}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

/** Listens and answers the port, which the system chose where `port` is 0. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<number> {
  await server.listen({ host, port });
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return address.port;
}
