/** `GET /internal/world/{realm}/decisions`: what became of every candidate and command, as it happens. */
import { Readable } from "node:stream";
import { z } from "zod";
import { AccountId } from "../../shared/contracts/ids.ts";
import { StreamGap } from "../../shared/stream/reader.ts";
import { type Api, type ApiContext, RealmPath } from "../api/api-context.ts";
import { Refused, refusals } from "../api/problems.ts";
import { type Cursor, cursorOf, cursorText } from "./cursor.ts";
import { decisionsAfter } from "./follow.ts";
import type { Line } from "./lines.ts";

/** Open at once in this process: each holds two consumers, and the events of a tick. */
const MOST_OPEN = 16;
/** The longest that Fastify takes, 24 days: it counts for as long as an answer is being sent. */
const STAYS_OPEN_MS = 2 ** 31 - 1;
/** An open stream says that it lives this often, ms. */
const ALIVE_MS = 15_000;

const Query = z.strictObject({
  after: z
    .string()
    .max(200)
    .optional()
    .describe("The `cursor` of the last line that was read; `0`: from the beginning"),
  user_id: AccountId.optional().describe("What became of this user's alone"),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe("Ends after so many lines; absent: stays open"),
});

export function decisionRoutes(api: Api, parts: ApiContext): void {
  let open = 0;
  const closing = new AbortController();
  // Before the server waits for its open requests: these would not end by themselves.
  api.addHook("preClose", async () => closing.abort());
  api.get("/internal/world/:realm/decisions", {
    config: { scope: "story" },
    handlerTimeout: STAYS_OPEN_MS,
    schema: {
      tags: ["events"],
      summary: "What became of every candidate and command, in order, from a cursor on",
      description:
        "NDJSON, or server-sent events where `Accept` asks for `text/event-stream`; then the cursor is the event's id, and " +
        "`Last-Event-ID` goes before `after`. A review and a tick's verdict are later lines of the same id. It stays open.",
      params: RealmPath,
      querystring: Query,
      response: { ...refusals(400, 404, 429) },
    },
    handler: async ({ params: { realm }, query, headers, raw }, reply) => {
      parts.assertRealm(realm);
      const events = headers.accept?.includes("text/event-stream") === true;
      const text = (events ? headers["last-event-id"] : undefined) ?? query.after ?? "0";
      const after = typeof text === "string" ? cursorOf(text) : undefined;
      if (after === undefined)
        throw new Refused(400, "after is no cursor of this API: use `cursor` of a line, or 0");
      if (open >= MOST_OPEN)
        throw new Refused(429, `${MOST_OPEN} of these are open here: close one, or try again later`);
      open++;
      const gone = new AbortController();
      raw.once("close", () => gone.abort());
      const signal = AbortSignal.any([gone.signal, closing.signal]);
      const stream = Readable.from(bodyOf(parts, realm, { ...query, after, events }, signal));
      stream.once("close", () => {
        gone.abort();
        open--;
      });
      reply.header("cache-control", "no-store");
      reply.type(events ? "text/event-stream; charset=utf-8" : "application/x-ndjson; charset=utf-8");
      return reply.send(stream) as never;
    },
  });
}

type Asked = { after: Cursor; events: boolean; user_id?: string | undefined; limit?: number | undefined };

async function* bodyOf(
  { bus, log }: ApiContext,
  realm: string,
  { after, events, user_id, limit = Number.POSITIVE_INFINITY }: Asked,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const textOf = (line: Line, cursor: string) =>
    events
      ? `id: ${cursor}\ndata: ${JSON.stringify({ cursor, ...line })}\n\n`
      : `${JSON.stringify({ cursor, ...line })}\n`;
  // A reader learns at once that it is connected, and later that the connection lives.
  const alive = events ? ": alive\n\n" : "\n";
  yield alive;
  let told = 0;
  const lines = decisionsAfter(bus, realm, after, signal);
  try {
    let next = lines.next();
    for (;;) {
      const step = await within(next, ALIVE_MS);
      if (step === "late") {
        yield alive;
        continue;
      }
      if (step.done) return;
      next = lines.next();
      const { line, cursor } = step.value;
      if (user_id !== undefined && line.user_id !== user_id) continue;
      yield textOf(line, cursorText(cursor));
      if (++told >= limit) return;
    }
  } catch (error) {
    if (!(error instanceof StreamGap)) throw error;
    log.warn(
      { realm, reason: error.message },
      "a reader of decisions asked for what the log no longer holds",
    );
  } finally {
    await lines.return();
  }
}

/** The value, or that it has not come in time. */
async function within<Value>(value: Promise<Value>, ms: number): Promise<Value | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, ms, "late");
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}
