/**
 * The floor of the gateway's benchmark, as a process: one durable publish per request, answered when JetStream has
 * acknowledged it. The same HTTP server as the gateway's, and nothing of the domain.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fastify } from "fastify";
import { listen } from "../../shared/process/http.ts";
import { openBus } from "../../shared/stream/bus.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { STAGE_FLAGS } from "../local/runtime.ts";

export type FloorProcess = { port: number; stop(): Promise<void> };

/** Starts it; what is posted goes to `subject`. */
export async function startFloor(natsUrl: string, subject: string): Promise<FloorProcess> {
  const child = fork(import.meta.filename, [natsUrl, subject], { execArgv: [...STAGE_FLAGS] });
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

if (import.meta.main) {
  const [natsUrl, subject] = process.argv.slice(2) as [string, string];
  const bus = await openBus({ natsUrl, name: "floor" });
  const server = fastify({ logger: false });
  server.post("/", async (request, reply) => {
    const body = request.body as { idempotency_key: string };
    const data = JSON.stringify(body);
    const { seq } = await publishOne(bus, { subject, data, msgId: body.idempotency_key });
    return reply.code(202).send({ seq });
  });
  process.send!(await listen(server, "127.0.0.1", 0));
}
