/** The hash chain of a realm: a state becomes a record that names its hashes and the record before it. */

import type { Ruleset } from "../contracts/ruleset.ts";
import type { PrivateState, TickRecord, WorldSnapshot, WorldState } from "../contracts/world.ts";
import { canonical, canonicalHash, sha256 } from "../exact/canonical.ts";
import { sortedKeys } from "../exact/integers.ts";

/** `prev_hash` of tick 0. */
export const NO_HASH = "0".repeat(64);

/** What a record says besides hashes and what the state itself says. */
type Link = Pick<
  TickRecord,
  "kind" | "from_seq" | "through_seq" | "factions" | "commands" | "events" | "prev_hash"
>;

/**
 * The hash of the canonical private state. Most of its text is the ruleset, which is the same object from tick to tick: its text
 * is made once.
 */
function privateHash(privateState: PrivateState): string {
  const members = sortedKeys(privateState).map((key) => {
    const value = privateState[key as keyof PrivateState];
    return `${JSON.stringify(key)}:${key === "ruleset" ? rulesText(privateState.ruleset) : canonical(value)}`;
  });
  return sha256(`{${members.join(",")}}`);
}

const texts = new WeakMap<Ruleset, string>();

function rulesText(rules: Ruleset): string {
  let text = texts.get(rules);
  if (text === undefined) {
    text = canonical(rules);
    texts.set(rules, text);
  }
  return text;
}

/** `record.hash` is of the canonical record without `hash`, so anyone can recompute the chain. */
export function seal(state: WorldState, link: Link): { record: TickRecord; snapshot: WorldSnapshot } {
  const { realm, tick, at, ruleset_version } = state.public;
  const content: Omit<TickRecord, "hash"> = {
    tick,
    kind: link.kind,
    from_seq: link.from_seq,
    through_seq: link.through_seq,
    at,
    engine: state.private.ruleset.engine,
    ruleset_version,
    factions: link.factions,
    ...(link.commands === undefined ? {} : { commands: link.commands }),
    events: link.events,
    prev_hash: link.prev_hash,
    public_hash: canonicalHash(state.public),
    private_hash: privateHash(state.private),
  };
  const record: TickRecord = { ...content, hash: canonicalHash(content) };
  const snapshot: WorldSnapshot = {
    realm,
    tick,
    public_hash: record.public_hash,
    record_hash: record.hash,
    through_seq: link.through_seq,
    ...(link.kind === "status" ? { waiting_from_seq: link.from_seq } : {}),
    state,
  };
  return { record, snapshot };
}
