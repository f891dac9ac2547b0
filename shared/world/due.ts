/** When a realm's next tick is due: one length after the last one, or after the marker that ended a pause. */
import type { PublicState } from "../contracts/public-state.ts";

/** From when the next tick's length counts, Unix milliseconds. */
export const dueFromMs = ({ at, due_from }: Pick<PublicState, "at" | "due_from">): number =>
  Date.parse(due_from ?? at);

/**
 * The time that a tick's length is held against, ms. A pause is no lateness: of a tick that ends one itself, as a season's end may,
 * there is none. Engine 1 counted pauses.
 */
export const sincePreviousMs = (
  before: Pick<PublicState, "at" | "due_from" | "status">,
  { at, engine }: { at: string; engine: number },
): number => (before.status === "maintenance" && engine > 1 ? 0 : Date.parse(at) - dueFromMs(before));

/** Unix milliseconds. In maintenance nothing is due: callers check the status first. */
export const nextTickMs = (state: Pick<PublicState, "at" | "due_from">, tickSeconds: number): number =>
  dueFromMs(state) + tickSeconds * 1_000;
