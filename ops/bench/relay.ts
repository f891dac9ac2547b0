/**
 * One fold of the bare relay, as a process: the floor that the pipeline is measured against. It does what any stage must
 * (read in order, commit outputs and position in one fenced atomic batch) and nothing of the domain: bodies are copied.
 * `--bundle 1` writes one message per event; more puts that many into a message. Without an output it counts.
 */
import { parseArgs } from "node:util";
import { openBus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { Fence } from "../../shared/stream/fence.ts";
import { streamEnds } from "../../shared/stream/last-message.ts";
import { type BatchMessage, MAX_OUTPUTS } from "../../shared/stream/publish.ts";
import { Reader } from "../../shared/stream/reader.ts";

const { values } = parseArgs({
  options: {
    nats: { type: "string" },
    stream: { type: "string" },
    output: { type: "string" },
    bundle: { type: "string", default: "1" },
    /** Input messages are bundles. */
    bundled: { type: "boolean", default: false },
  },
});
const { nats, stream, output } = values as { nats: string; stream: string; output: string | undefined };
const bundle = Number(values.bundle);

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const bus = await openBus({ natsUrl: nats, name: "relay" });
const { created } = await streamEnds(bus, stream);
const reader = new Reader(bus, {
  stream,
  subjects: [`${stream}.body`],
  created,
  from: 1,
  prefetch: values.bundled ? 256 : 2_000,
});
let total = 0;
/** The parent asks by any message and gets the count of events that are through. */
process.on("message", () => process.send?.(total));
process.send?.("ready");

/** Splitting a bundle costs a parse, as it does every stage. */
const bodiesOf = (data: Uint8Array): string[] =>
  values.bundled
    ? (JSON.parse(textOf(data)) as object[]).map((body) => JSON.stringify(body))
    : [textOf(data)];

function outputsOf(subject: string, inputs: Uint8Array[]): { outputs: BatchMessage[]; events: number } {
  if (bundle === 1 && !values.bundled)
    return { outputs: inputs.map((data) => ({ subject, data })), events: inputs.length };
  const bodies = inputs.flatMap(bodiesOf);
  const outputs: BatchMessage[] = [];
  for (let i = 0; i < bodies.length; i += bundle)
    outputs.push({ subject, data: `[${bodies.slice(i, i + bundle).join(",")}]` });
  return { outputs, events: bodies.length };
}

if (output === undefined) {
  for (;;) {
    const messages = await reader.take(2_000, stop.signal);
    if (messages.length === 0) break;
    for (const message of messages) total += values.bundled ? bodiesOf(message.data).length : 1;
  }
} else {
  const { fence } = await Fence.open(bus, output, `${output}.position`);
  const most = values.bundled ? Math.floor(MAX_OUTPUTS / 12) : bundle === 1 ? MAX_OUTPUTS : 4_000;
  let committing = Promise.resolve(0);
  for (;;) {
    const messages = await reader.take(most, stop.signal);
    if (messages.length === 0) break;
    const { outputs, events } = outputsOf(
      `${output}.body`,
      messages.map((message) => message.data),
    );
    await committing;
    committing = fence.commit(outputs, { through: messages.at(-1)!.seq, worker: "relay" }, stop.signal);
    total += events;
  }
  await committing.catch(() => {});
}
await reader.close();
await bus.close();
