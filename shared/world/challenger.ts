/** Who is about to take a territory. */
import type { Ruleset } from "../contracts/ruleset.ts";
import { byCodeUnit } from "../exact/integers.ts";

/** The factions of a territory by control, the most first, ties by id. A tie with the controller is never a lead over it. */
const ranked = (control: ReadonlyMap<string, number>): string[] =>
  [...control.keys()].sort((a, b) => control.get(b)! - control.get(a)! || byCodeUnit(a, b));

/**
 * The faction with a claim on the territory: first in control, ahead of the controller by the lead; where nobody controls
 * it, ahead of the second and above the bound for open land.
 */
export function challengerOf(
  control: ReadonlyMap<string, number>,
  controller: string | undefined,
  { contest }: Ruleset,
): string | undefined {
  const [first, second] = ranked(control);
  const lead = contest.flip_lead_bp;
  if (controller !== undefined) {
    if (first === controller) return undefined;
    return control.get(first!)! >= (control.get(controller) ?? 0) + lead ? first : undefined;
  }
  const open = control.get(first!)! >= contest.open_control_bp;
  return open && control.get(first!)! >= control.get(second!)! + lead ? first : undefined;
}

/** How far a faction is ahead of the controller, or of the second where nobody controls the territory; basis points. */
export function leadOf(
  faction: string,
  control: ReadonlyMap<string, number>,
  controller: string | undefined,
): number {
  const others = ranked(control).filter((id) => id !== faction);
  return control.get(faction)! - (control.get(controller ?? others[0]!) ?? 0);
}
