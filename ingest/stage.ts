/** Ingest as a stage: RAW in, frames on VALID out. Its only state is the last `received_at`, which never decreases. */

import { lastOfEach } from "../shared/bus.ts";
import { bodiesOf } from "../shared/codec.ts";
import type { Draft } from "../shared/draft.ts";
import type { Input } from "../shared/reader.ts";
import type { Stage } from "../shared/stage.ts";
import { rawStream, subjects, validStream } from "../shared/subjects.ts";
import { purgeRaw } from "./purge-raw.ts";
import { arrivalKind, validate } from "./validate.ts";

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
    for (const frame of await lastOfEach(bus, validStream(realm), outputs)) {
      const last = bodiesOf<{ received_at: string }>(frame.data).at(-1)!;
      lastAtMs = Math.max(lastAtMs, Date.parse(last.received_at));
    }
    return { realm, lastAtMs, taken: position.through };
  },

  step(state: IngestState, input: Input, draft: Draft): boolean {
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
