/** What a line must tell so that it can be published, and the shift of its time. Everything else is for ingest to judge. Pure. */
import { z } from "zod";
import { AccountId, Id, IdempotencyKey } from "../../../shared/contracts/ids.ts";
import { candidateMsgId } from "../../../shared/stream/subjects.ts";

const Addressed = z.object({ realm_id: Id, user_id: AccountId, idempotency_key: IdempotencyKey });
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The message id of a candidate, or why there can't be one. */
export type Addressing = { msgId: string; text: string } | { refused: string };

export function addressOf(bytes: Uint8Array): Addressing {
  let text: string;
  let body: unknown;
  try {
    text = decoder.decode(bytes);
    body = JSON.parse(text);
  } catch {
    return { refused: "not JSON" };
  }
  const addressed = Addressed.safeParse(body);
  if (!addressed.success) {
    const field = addressed.error.issues[0]!.path.join(".");
    return { refused: field === "" ? "not a JSON object" : `no usable ${field}` };
  }
  const { user_id, idempotency_key } = addressed.data;
  return { msgId: candidateMsgId(user_id, idempotency_key), text };
}

const OCCURRED_AT = /("occurred_at"\s*:\s*")([^"\\]*)(")/;

/** When the line says that it happened, ms since 1970; NaN where it doesn't say. */
export const occurredAtMs = (text: string): number => Date.parse(OCCURRED_AT.exec(text)?.[2] ?? "");

/** The same text with its time moved by `shiftMs`; as it is where it has no readable time. */
export function shifted(text: string, shiftMs: number): string {
  const at = new Date(occurredAtMs(text) + shiftMs);
  return Number.isNaN(at.getTime()) ? text : text.replace(OCCURRED_AT, `$1${at.toISOString()}$3`);
}
