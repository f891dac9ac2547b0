/**
 * How a command of the steward comes into RAW, once. JetStream knows a message by its id alone, and whoever may publish anything to the
 * stream may have taken the id before: what is stored under it is looked at, and another's body is no word of the steward's.
 */

import type { Command } from "../../shared/contracts/command.ts";
import type { Log } from "../../shared/process/log.ts";
import { metrics } from "../../shared/process/metrics.ts";
import type { Bus } from "../../shared/stream/bus.ts";
import { textOf } from "../../shared/stream/codec.ts";
import { publishOne } from "../../shared/stream/publish.ts";
import { commandMsgId, rawStream, subjects } from "../../shared/stream/subjects.ts";
import { isSteward } from "./steward-command.ts";

/**
 * Publishes a command of the steward's, unless RAW has it. Where another's body has taken its message id, the same command goes out
 * without one, and an alarm is raised: no id that follows from the key is safe from whoever knows the key, and one that doesn't
 * would not be found again by the next owner. Said again, it is in RAW again, and changes nothing: the normalizer knows it by its
 * `command_id`, as if JetStream had forgotten the message id. `log` says the realm in each line. Throws like `publishOne`.
 */
export async function sayOnce(bus: Bus, log: Log, command: Command): Promise<{ duplicate: boolean }> {
  const { realm_id: realm, actor, idempotency_key, kind } = command;
  const message = { subject: subjects.rawCommand(realm), data: JSON.stringify(command) };
  const msgId = commandMsgId(actor, idempotency_key);
  const { duplicate, seq } = await publishOne(bus, { ...message, msgId });
  if (duplicate !== true) return { duplicate: false };
  if (await isOwn(bus, realm, seq, command)) return { duplicate: true };
  await publishOne(bus, message);
  metrics.stewardKeysTaken.inc({ realm });
  log.error(
    { kind, msg_id: msgId, sequence: seq },
    "a message that is not the steward's has taken the message id of its command in RAW; the command went out without one",
  );
  return { duplicate: false };
}

/** Whether RAW has this word of the steward's at `seq`; what is gone from there can't be looked at, and isn't taken for it. */
async function isOwn(bus: Bus, realm: string, seq: number, said: Command): Promise<boolean> {
  const stored = await bus.jsm.streams.getMessage(rawStream(realm), { seq });
  if (stored === null || stored.subject !== subjects.rawCommand(realm)) return false;
  try {
    const { actor, kind, idempotency_key } = JSON.parse(textOf(stored.data)) as Partial<Command>;
    return (
      actor !== undefined &&
      isSteward({ actor }) &&
      kind === said.kind &&
      idempotency_key === said.idempotency_key
    );
  } catch {
    return false;
  }
}
