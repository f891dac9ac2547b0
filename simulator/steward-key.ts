/**
 * How the steward's word comes into RAW, once. JetStream knows a message by its id alone, and whoever may publish anything to the
 * stream may have taken the id before: what is stored under it is looked at, and another's body is no word of the steward's.
 */
import { type Bus, publishOne } from "../shared/bus.ts";
import { textOf } from "../shared/codec.ts";
import type { Command } from "../shared/contracts/command.ts";
import type { Log } from "../shared/log.ts";
import { metrics } from "../shared/metrics.ts";
import { commandMsgId, rawStream, subjects } from "../shared/subjects.ts";
import { isSteward } from "./said.ts";

/** More keys of one word are not taken by accident: it is said again later. */
const MAX_KEYS = 16;

/**
 * Publishes a command of the steward's, unless RAW has it. A key that is taken by a body not the steward's raises an alarm, and the
 * word goes out under the next key: `<key>.2`, `<key>.3`. Throws like `publishOne`, and where all keys are taken.
 */
export async function sayOnce(bus: Bus, log: Log, command: Command): Promise<{ duplicate: boolean }> {
  const { realm_id: realm } = command;
  for (let n = 1; n <= MAX_KEYS; n++) {
    const idempotency_key = n === 1 ? command.idempotency_key : `${command.idempotency_key}.${n}`;
    const said = { ...command, idempotency_key };
    const msgId = commandMsgId(said.actor, idempotency_key);
    const data = JSON.stringify(said);
    const ack = await publishOne(bus, { subject: subjects.rawCommand(realm), data, msgId });
    if (ack.duplicate !== true) return { duplicate: false };
    if (await isOwn(bus, realm, ack.seq, said)) return { duplicate: true };
    metrics.stewardKeysTaken.inc({ realm });
    log.error(
      { realm, kind: command.kind, msg_id: msgId, sequence: ack.seq },
      "a message that is not the steward's has taken the message id of its command in RAW; the command goes out under the next key",
    );
  }
  throw new Error(`${MAX_KEYS} message ids of ${command.kind} are taken in RAW by others`);
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
