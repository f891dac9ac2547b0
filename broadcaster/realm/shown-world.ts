/** A realm's world after a tick, with what is known around it: what every public read is computed from. */
import type { Pulse } from "../../shared/contracts/feed.ts";
import type { Forecast } from "../../shared/contracts/forecast.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type { PublicState } from "../../shared/contracts/world.ts";

/** A world to show: its public state after a tick, with the `public_hash` of it. */
export type Shown = {
  realm: string;
  epoch: string;
  hash: string;
  state: PublicState;
  /** The state one tick before, where it is known: rates are the difference. */
  previous?: PublicState | undefined;
  pulse?: Pulse | undefined;
  forecast?: Forecast | undefined;
  /** Whether a forecast is of this realm's past. */
  knows?(tick: number, hash: string): boolean;
  /** The rules that the newest tick was run by; absent from the past, which may have had others. */
  rules?: Ruleset | undefined;
};
