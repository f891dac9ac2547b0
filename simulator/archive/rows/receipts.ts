/** Receipts and daily activity among archived commands, each once by its player and key. */
import { z } from "zod";
import { AccountId, ContentId, IdempotencyKey } from "../../../shared/contracts/ids.ts";
import { ChapterReceipt, DailyActivity } from "../../../shared/contracts/receipt.ts";
import type { Transaction } from "../database/database.ts";
import type { Row } from "./event-rows.ts";

const said = {
  command_id: ContentId,
  idempotency_key: IdempotencyKey,
  actor: z.object({ id: AccountId }),
  received_at: z.iso.datetime(),
  status: z.literal("applied"),
};
const Receipt = z.discriminatedUnion("kind", [
  z.object({ ...said, kind: z.literal("chapter.receipt"), payload: ChapterReceipt }),
  z.object({ ...said, kind: z.literal("activity.daily"), payload: DailyActivity }),
]);
type Receipt = z.infer<typeof Receipt>;

/** Those among rows of `events.command`. What is none by its contract has its row in world_events alone. */
export function receiptsIn(rows: readonly Row[]): Receipt[] {
  return rows.flatMap(({ payload, unreadable }) => {
    if (unreadable || !/"(chapter\.receipt|activity\.daily)"/.test(payload)) return [];
    const receipt = Receipt.safeParse(JSON.parse(payload));
    return receipt.success ? [receipt.data] : [];
  });
}

export async function writeReceipts(
  transaction: Transaction,
  realm: string,
  receipts: readonly Receipt[],
): Promise<void> {
  if (receipts.length === 0) return;
  const rows = receipts.map(({ actor, payload, received_at: at, idempotency_key, kind, command_id }) => {
    return { user_id: actor.id, idempotency_key, kind, command_id, payload, at };
  });
  await transaction.query({
    name: "receipts",
    text: `INSERT INTO receipts (realm_id, user_id, idempotency_key, kind, command_id, payload_json, created_at)
      SELECT $1, user_id, idempotency_key, kind, command_id, payload, at
      FROM jsonb_to_recordset($2::jsonb)
        AS r (user_id text, idempotency_key text, kind text, command_id text, payload jsonb, at timestamptz)
      ON CONFLICT DO NOTHING`,
    values: [realm, JSON.stringify(rows)],
  });
}
