/** The hash chain of a realm: a state becomes a record that names its hashes and the record before it. */
import { canonicalHash } from "./canonical.ts";
import type { TickRecord, WorldSnapshot, WorldState } from "./contracts/world.ts";

/** `prev_hash` of tick 0. */
export const NO_HASH = "0".repeat(64);

/** What a record says besides hashes and what the state itself says. */
export type Link = Pick<
  TickRecord,
  "kind" | "from_seq" | "through_seq" | "factions" | "events" | "prev_hash"
>;

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
    events: link.events,
    prev_hash: link.prev_hash,
    public_hash: canonicalHash(state.public),
    private_hash: canonicalHash(state.private),
  };
  const record: TickRecord = { ...content, hash: canonicalHash(content) };
  const snapshot: WorldSnapshot = {
    realm,
    tick,
    public_hash: record.public_hash,
    record_hash: record.hash,
    through_seq: link.through_seq,
    state,
  };
  return { record, snapshot };
}
