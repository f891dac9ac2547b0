/**
 * The world: its public state, which clients receive and hashes are made of, its private one, and the records that a
 * tick leaves in WORLD. Leaves are safe integers and strings, never null, so the canonical form is exact.
 */
import { z } from "zod";
import { DerivedEvent } from "./happening.ts";
import { Id } from "./ids.ts";
import { BasisPointsChange, Count, Hash, Instant, Thousandths } from "./leaves.ts";
import { PrivateState } from "./private-state.ts";
import { PublicState } from "./public-state.ts";
import { SETTLED_TOLD, SettledCommand } from "./settled-command.ts";

export * from "./happening.ts";
export * from "./private-state.ts";
export * from "./public-state.ts";

export const WorldState = z.strictObject({ public: PublicState, private: PrivateState });
export type WorldState = z.infer<typeof WorldState>;

/**
 * `events.tick.<realm>`: everything before it in EVENTS belongs to its tick, and its stream timestamp is the tick's time. A marker
 * of kind `status` decides commands alone: accepted events before it belong to the next marker of another kind.
 */
export const TickMarker = z.strictObject({
  realm: z.string(),
  tick: z.int().min(1),
  kind: z.enum(["scheduled", "manual", "status"]),
  /** Of the `tick.run` command that it answers. */
  key: z.string().optional(),
});
export type TickMarker = z.infer<typeof TickMarker>;

/** `world.tick.<realm>`: a link of the realm's hash chain. `hash` is of the canonical record without `hash`. */
export const TickRecord = z.strictObject({
  tick: Count,
  kind: z.enum(["genesis", "scheduled", "manual", "status"]),
  /**
   * The tick's events are EVENTS sequences `from_seq` … `through_seq`, the latter its marker's. Those of a `status` tick wait: the
   * next tick has the same `from_seq`.
   */
  from_seq: Count,
  through_seq: Count,
  at: Instant,
  engine: Count,
  ruleset_version: Count,
  /** Milli-points before and of the burst cap; `gain_bp` the modifier that points were scaled with. */
  factions: z.record(Id, z.strictObject({ sum: Thousandths, cap: Thousandths, gain_bp: BasisPointsChange })),
  /**
   * What became of the first commands that the tick decided, votes aside: all of them are on `world.commands`. Absent where it
   * decided none, and before there were any.
   */
  commands: z.array(SettledCommand).min(1).max(SETTLED_TOLD).exactOptional(),
  events: z.array(DerivedEvent),
  prev_hash: Hash,
  public_hash: Hash,
  private_hash: Hash,
  hash: Hash,
});
export type TickRecord = z.infer<typeof TickRecord>;

/** RFC 7396, of a public state. */
export const StatePatch = z
  .custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value))
  .meta({ type: "object", description: "RFC 7396 merge patch of the public state" });

/** `world.delta.<realm>`: an RFC 7396 merge patch of the public state; `prev` and `hash` are public hashes. */
export const WorldDelta = z.strictObject({
  realm: Id,
  tick: Count,
  prev: Hash,
  hash: Hash,
  patch: StatePatch,
  events: z.array(DerivedEvent),
});
export type WorldDelta = z.infer<typeof WorldDelta>;

/** `world.snapshot.<realm>` and KV `world`: the whole state after a tick. */
export const WorldSnapshot = z.strictObject({
  realm: Id,
  tick: Count,
  public_hash: Hash,
  /** `hash` of the tick's record, which the next record names as `prev_hash`. */
  record_hash: Hash,
  /** EVENTS sequence of the tick's marker. */
  through_seq: Count,
  /** After a `status` tick: the EVENTS sequence from which accepted events wait for their tick. */
  waiting_from_seq: Count.exactOptional(),
  state: WorldState,
});
export type WorldSnapshot = z.infer<typeof WorldSnapshot>;

/** Readers check it against its record: see `whyNot`. */
const EarlierSnapshot = z
  .custom<WorldSnapshot>((value) => typeof value === "object" && value !== null)
  .meta({ type: "object", description: "A snapshot, in the form of the engine that made it" });

/**
 * `events.handover.<realm>`: the last tick that an earlier engine played, with the state after it. The marker behind it is the first
 * that `engine` plays, from this state: from here on the world follows from EVENTS under one engine.
 */
export const Handover = z.strictObject({
  realm: Id,
  /** The engine that goes on. */
  engine: Count,
  record: TickRecord,
  snapshot: EarlierSnapshot,
});
export type Handover = z.infer<typeof Handover>;

/** What tells which tick was handed over, in any engine's form. */
export const HandoverHead = z.object({ engine: Count, record: z.object({ tick: Count, hash: Hash }) });
