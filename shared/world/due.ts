/** When a realm's next tick is due: one length after the last one, or after the marker that ended a pause. */
import type { PublicState } from "../contracts/public-state.ts";

/** From when the next tick's length counts, Unix milliseconds. */
export const dueFromMs = ({ at, due_from }: Pick<PublicState, "at" | "due_from">): number =>
  Date.parse(due_from ?? at);

/** Unix milliseconds; in maintenance nothing is due. */
export const nextTickMs = (state: Pick<PublicState, "at" | "due_from">, tickSeconds: number): number =>
  dueFromMs(state) + tickSeconds * 1_000;
