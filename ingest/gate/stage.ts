/** Ingest as a stage: RAW in, bundles on VALID out. Its only state is the last `received_at`, which never decreases. */

import type { OutputBatch } from "../../shared/stage/output-batch.ts";
import { ForeignMessage } from "../../shared/stage/refusal.ts";
import type { Stage } from "../../shared/stage/stage.ts";
import { type Message, receivedIn } from "../../shared/stream/bodies.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import type { Input } from "../../shared/stream/reader.ts";
import { rawStream, subjects, validStream } from "../../shared/stream/subjects.ts";
import { purgeRaw } from "./purge-raw.ts";
import { arrivalKind, validate } from "./validate.ts";

/** When the last body of a bundle of VALID came, Unix milliseconds. Throws `ForeignMessage`. */
function lastReceivedMs(bundle: Message, realm: string): number {
  const { received_at } = receivedIn(bundle, realm).at(-1)!;
  const atMs = Date.parse(received_at);
  if (Number.isNaN(atMs)) throw new ForeignMessage(bundle, "its last body doesn't say when it came");
  return atMs;
}

/** `taken`: sequence in RAW of the last message that was taken. */
type IngestState = { realm: string; lastAtMs: number; taken: number };

export const ingestStage: Stage<IngestState> = {
  name: "ingest",
  input: (realm) => ({
    stream: rawStream(realm),
    subjects: [subjects.rawCandidate(realm), subjects.rawCommand(realm), subjects.playerCommand(realm)],
    prefetch: 2_000,
  }),
  outputStream: validStream,

  duties: purgeRaw,

  async restore({ bus, realm, position }) {
    const outputs = [subjects.validCandidate, subjects.validCommand, subjects.ingestRejected].map((of) =>
      of(realm),
    );
    let lastAtMs = 0;
    for (const subject of outputs) {
      const bundle = await lastOf(bus, validStream(realm), subject);
      if (bundle !== undefined) lastAtMs = Math.max(lastAtMs, lastReceivedMs({ ...bundle, subject }, realm));
    }
    return { realm, lastAtMs, taken: position.through };
  },

  step(state: IngestState, input: Input, draft: OutputBatch): boolean {
    const { realm } = state;
    state.lastAtMs = Math.max(state.lastAtMs, input.atMs);
    state.taken = input.seq;
    const kind = arrivalKind(input.subject, realm);
    const verdict = validate({ kind, realm, data: input.data, atMs: state.lastAtMs, source_seq: input.seq });
    switch (verdict.kind) {
      case "candidate":
        draft.body(subjects.validCandidate(realm), JSON.stringify(verdict.valid));
        draft.count("valid", "candidate");
        break;
      case "command":
        draft.body(subjects.validCommand(realm), JSON.stringify(verdict.valid));
        draft.count("valid", "command");
        break;
      case "rejected":
        draft.body(subjects.ingestRejected(realm), JSON.stringify(verdict.rejection));
        draft.count("rejected", verdict.rejection.reason);
        break;
      default:
        verdict satisfies never;
    }
    return true;
  },
};
