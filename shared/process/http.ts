/** The operations port of a process: `/metrics`, `/healthz`, `/readyz`; and what every server of ours holds its requests to. */
import type { Socket } from "node:net";
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type RouteOptions,
} from "fastify";
import { type HostCheck, MISDIRECTED } from "../auth/hosts.ts";
import { PROBLEM_JSON, type Problem, problem, statusLine } from "../contracts/problem.ts";
import { type RealmTrouble, realmTroubles } from "../stage/realm-health.ts";
import { registry } from "./metrics.ts";

export type Health = {
  /** Why the process as a whole isn't ready, or nothing when it is. */
  notReady(): string | undefined;
};

/** The body of `/readyz` with 503. `realms`: owned realms that don't move; empty where the whole process isn't ready. */
type NotReady = { status: "not ready"; reason: string; realms: RealmTrouble[] };

declare module "fastify" {
  interface FastifyInstance {
    /** Every route of the server, as it was declared. */
    declared: RouteOptions[];
  }
}

/** A request has arrived within this, and a connection on which nothing moves is cut after this, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
const CONNECTION_TIMEOUT_MS = 120_000;

/** A Fastify server with the three routes; add others before `listen`. `isAskedFor`: under which names it answers. */
export function operationsServer(health: Health, isAskedFor: HostCheck): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: 512 * 1024,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: refuseUnroutable,
    clientErrorHandler: refuseUnreadable,
  });
  server.decorate("declared", []);
  server.addHook("onRoute", (route) => {
    server.declared.push(route);
  });
  server.addHook("onRequest", async (request, reply) => {
    if (!isAskedFor(request.headers.host)) return say(reply, problem(421, MISDIRECTED));
  });
  server.setNotFoundHandler((request, reply) => refuseUnknown(server.declared, request, reply));
  const open = { config: { scope: "open" as const } };
  server.get("/healthz", open, () => ({ status: "ok" }));
  server.get("/readyz", open, (_request, reply) => {
    const reason = health.notReady();
    const realms = realmTroubles();
    if (reason === undefined && realms.length === 0) return { status: "ready" };
    const answer: NotReady = { status: "not ready", reason: reason ?? sentenceOf(realms), realms };
    return reply.code(503).send(answer);
  });
  server.get("/metrics", open, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  return server;
}

const say = (reply: FastifyReply, answer: Problem) =>
  reply.code(answer.status).type(PROBLEM_JSON).send(answer);

/** Answers a path that is served for other methods only (405), and a path that isn't served (404). */
function refuseUnknown(routes: readonly RouteOptions[], request: FastifyRequest, reply: FastifyReply) {
  const [path = ""] = request.url.split("?");
  const methods = routes.filter(({ url }) => patternOf(url).test(path)).flatMap(({ method }) => method);
  if (methods.length === 0) return say(reply, problem(404, "no such resource"));
  const allowed = [...new Set(methods)].sort().join(", ");
  return say(reply.header("allow", allowed), problem(405, `this path is served for ${allowed}`));
}

/** The pattern of a route's path: `:name` is one segment, `*` the rest. */
const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replace(/:\w+/g, "[^/]+")
      .replace(/\*/g, ".*")}$`,
  );

const sentenceOf = (realms: RealmTrouble[]): string =>
  realms.map(({ stage, realm, kind, reason }) => `${stage} of ${realm} is ${kind}: ${reason}`).join("; ");

/** Answers a path that can't be read, or no route could have. */
function refuseUnroutable(error: FastifyError, _request: unknown, reply: FastifyReply): void {
  say(reply, error.statusCode === 414 ? problem(404, "no such resource") : problem(400, error.message));
}

const UNREADABLE: Record<string, readonly [400 | 408 | 431, string]> = {
  HPE_HEADER_OVERFLOW: [431, "the headers are larger than is taken"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, `the request did not arrive within ${REQUEST_TIMEOUT_MS / 1_000} s`],
};

/** Answers what is not HTTP, as far as anybody still listens, and hangs up. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== "ECONNRESET") {
    const [status, detail] = UNREADABLE[error.code ?? ""] ?? ([400, "not an HTTP request"] as const);
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
