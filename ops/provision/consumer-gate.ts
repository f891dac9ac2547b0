/**
 * Consumers for the account READ. What JetStream takes of a consumer's settings could write: a `deliver_subject` puts every
 * message of a stream wherever somebody listens, and a stream listens on its own subjects. So READ's requests come here, and what
 * goes on to JetStream is a consumer that only reads, and that ends by itself.
 */
import { JetStreamApiError } from "@nats-io/jetstream";
import { z } from "zod";
import { CONSUMER_GATE, CONSUMER_PREFIX } from "../../shared/stream/access.ts";
import type { Bus } from "../../shared/stream/bus.ts";

const JETSTREAM_TIMEOUT_MS = 2_000;
/**
 * A stream takes 1 000 consumers. Readers from outside get none beyond this many, so that none of them keeps a stage from its
 * stream.
 */
const MOST_CONSUMERS = 500;
/** Bounds of `inactive_threshold`, after which the server removes an unused consumer. */
const LONGEST_INACTIVE_NS = 300_000_000_000;
const SHORTEST_INACTIVE_NS = 1_000_000_000;

const Subject = z
  .string()
  .max(256)
  .regex(/^[^\s\0]+$/);
/** Everything that a pull consumer which only reads may say of itself; anything else is refused by name. */
const Settings = z.strictObject({
  name: z.string().max(64).optional(),
  ack_policy: z.literal("none"),
  deliver_policy: z
    .enum(["all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"])
    .optional(),
  opt_start_seq: z.number().int().min(0).optional(),
  opt_start_time: z.iso.datetime({ offset: true }).optional(),
  filter_subject: Subject.optional(),
  filter_subjects: z.array(Subject).max(32).optional(),
  replay_policy: z.literal("instant").optional(),
  headers_only: z.boolean().optional(),
  inactive_threshold: z.number().int().min(SHORTEST_INACTIVE_NS).max(LONGEST_INACTIVE_NS).optional(),
  max_deliver: z.literal([-1, 1]).optional(),
  mem_storage: z.literal(true).optional(),
  num_replicas: z.literal([0, 1]).optional(),
});
const Wanted = z.object({ stream_name: z.string(), config: Settings });

/** `<stream>.<name>`, and the one filter where there is one. */
const PATH = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{1,64}(\.\S+)?$/;

/** Answers a request for a consumer with JetStream's own words, or with a refusal in its form. */
export async function openGate(bus: Bus, subject: string, body: string): Promise<string> {
  const path = subject.slice(CONSUMER_GATE.length + 1);
  if (!PATH.test(path)) return refusal("the subject names no stream and consumer");
  const [stream, name] = path.split(".") as [string, string];
  const wanted = read(body);
  if (typeof wanted === "string") return refusal(wanted);
  if (wanted.stream_name !== stream || (wanted.config.name ?? name) !== name)
    return refusal("subject and body name different streams or consumers");
  if (!name.startsWith(CONSUMER_PREFIX.READ))
    return refusal(`a reader's consumer has a name that begins with ${CONSUMER_PREFIX.READ}`);
  const consumers = await consumersOf(bus, stream);
  if (typeof consumers === "string") return consumers;
  if (consumers >= MOST_CONSUMERS)
    return refusal(
      `${stream} has ${consumers} consumers: what is left of its 1 000 is the stages' own`,
      MAXIMUM_CONSUMERS,
    );
  const settings = {
    inactive_threshold: 30_000_000_000,
    ...wanted.config,
    name,
    mem_storage: true,
    num_replicas: 1,
  };
  // Only a new one: the settings of a consumer that is there are its owner's.
  const request = JSON.stringify({ stream_name: stream, config: settings, action: "create" });
  const reply = await bus.nc.request(`$JS.API.CONSUMER.CREATE.${path}`, request, {
    timeout: JETSTREAM_TIMEOUT_MS,
  });
  return reply.string();
}

/** How many a stream has, or JetStream's own refusal where there is no such stream. */
async function consumersOf(bus: Bus, stream: string): Promise<number | string> {
  try {
    return (await bus.jsm.streams.info(stream)).state.consumer_count;
  } catch (error) {
    if (error instanceof JetStreamApiError) return refusal(error.message, error.code);
    throw error;
  }
}

/** The refusal of a reader while too many requests are open. */
export const gateIsBusy = (): string => refusal("too many requests are under way: try again");

function read(body: string): z.infer<typeof Wanted> | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return "the request is not JSON";
  }
  const parsed = Wanted.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  return `a reader's consumer can't have this: ${path.join(".")} ${message}`;
}

/** JetStream's codes for a request that can't be, and for a stream that has all consumers that it may. */
const BAD_REQUEST = 10_004;
const MAXIMUM_CONSUMERS = 10_026;

/** An error as JetStream would say it. */
const refusal = (description: string, err_code = BAD_REQUEST): string =>
  JSON.stringify({
    type: "io.nats.jetstream.api.v1.consumer_create_response",
    error: { code: 403, err_code, description },
  });
