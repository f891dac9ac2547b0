/**
 * A realm goes on under a later engine. Its owner has the rules raised by a command, which changes nothing but the engine; once that
 * has come back through the log, it writes the last state that the earlier engine left into EVENTS, in one batch with the marker
 * that this engine plays first. So all that this engine ever plays follows from EVENTS.
 */

import type { Command } from "../../shared/contracts/command.ts";
import { ENGINE } from "../../shared/contracts/ruleset.ts";
import type { Handover, TickRecord, WorldSnapshot } from "../../shared/contracts/world.ts";
import { upcastRuleset } from "../../shared/past/upcast.ts";
import type { Owned } from "../../shared/stage/stage.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import type { BatchMessage } from "../../shared/stream/publish.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import type { SimulatorState } from "../advance.ts";
import { effectiveEngine, effectiveRuleset } from "./pending.ts";
import { stewardCommand } from "./steward-command.ts";

/** The command that raises a realm's rules to this engine; nothing where they are. Rules that came meanwhile are never undone. */
export function raisingOf({
  realm,
  world,
  folding,
}: Pick<SimulatorState, "realm" | "world" | "folding">): Command[] {
  const engine = effectiveEngine(world, folding);
  if (engine >= ENGINE) return [];
  const { version, ruleset } = effectiveRuleset(world, folding);
  return [
    stewardCommand(realm, "ruleset.set", `engine.${ENGINE}.${version}`, {
      ruleset: upcastRuleset(ruleset),
      note: `the rules of version ${version} under engine ${ENGINE} instead of ${engine}`,
      if_version: version,
    }),
  ];
}

/** Throws where WORLD doesn't end with the tick that this world stands at: another owner is at work. */
export async function handoverOf({ bus, realm, state }: Owned<SimulatorState>): Promise<BatchMessage> {
  const stream = worldStream(realm);
  const [record, snapshot] = await Promise.all([
    lastOf(bus, stream, subjects.tick(realm)),
    lastOf(bus, stream, subjects.snapshot(realm)),
  ]);
  if (record === undefined || snapshot === undefined) throw new Error(`${stream} has no last tick`);
  const handover: Handover = {
    realm,
    engine: ENGINE,
    record: JSON.parse(record.text()) as TickRecord,
    snapshot: JSON.parse(snapshot.text()) as WorldSnapshot,
  };
  for (const hash of [handover.record.hash, handover.snapshot.record_hash])
    if (hash !== state.last.record_hash)
      throw new Error(`${stream} ends with the tick of hash ${hash}, not ${state.last.record_hash}`);
  return { subject: subjects.handover(realm), data: JSON.stringify(handover) };
}
