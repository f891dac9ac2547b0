/** Relics: claims gather and fade; an uncontested claim with a foothold captures. */

import type { CaptureCause } from "../../shared/contracts/cause.ts";
import type { Ruleset } from "../../shared/contracts/ruleset.ts";
import type {
  FactionState,
  Happening,
  PrivateState,
  RelicState,
  TerritoryState,
} from "../../shared/contracts/world.ts";
import { type ById, entries, find } from "../../shared/exact/by-id.ts";
import { assertSafe, byCodeUnit, mul } from "../../shared/exact/integers.ts";
import { modifier } from "../../shared/world/modifiers.ts";
import type { Clockwork } from "./elapsed.ts";
import type { PointsByPlace } from "./influence.ts";

type Claim = PrivateState["claims"][string];

/** The two largest of `points`, ties by id; a missing one has none. */
function topTwo(points: ReadonlyMap<string, number>): {
  first: string | undefined;
  most: number;
  next: number;
} {
  const ids = [...points.keys()].sort((a, b) => points.get(b)! - points.get(a)! || byCodeUnit(a, b));
  const at = (i: number) => (ids[i] === undefined ? 0 : points.get(ids[i])!);
  return { first: ids[0], most: at(0), next: at(1) };
}

/** Contested: at least two factions brought a rival's points in this tick and the second at least a quarter of the first. */
function isContested(points: ReadonlyMap<string, number>, rules: Ruleset): boolean {
  const { most, next } = topTwo(points);
  return next >= rules.claims.rival * 1_000 && next * 4 >= most;
}

/** `claim' = claim − mul(claim, decay) + mul(points, 10000 + claim_bp)`, milli-points; factions without a claim are left out. */
function claimsOf(
  before: Claim,
  points: ReadonlyMap<string, number>,
  factions: ById<FactionState>,
  rules: Ruleset,
): Map<string, number> {
  const claims = new Map<string, number>();
  for (const [id, { modifiers }] of entries(factions)) {
    const held = Object.hasOwn(before.points, id) ? before.points[id]! : 0;
    const gained = mul(points.get(id) ?? 0, 10_000 + modifier(modifiers, "claim_bp"));
    const claim = assertSafe(held - mul(held, rules.claims.decay_bp) + gained);
    if (claim > 0) claims.set(id, claim);
  }
  return claims;
}

/**
 * The capturing faction: uncontested, with a large enough claim ahead of the next by a quarter, a foothold there, and after the
 * gap.
 */
function captorOf(
  claims: ReadonlyMap<string, number>,
  relic: RelicState,
  control: ById<number>,
  lastCaptureTick: number | undefined,
  { since }: Clockwork,
  { claims: bounds }: Ruleset,
): string | undefined {
  const { first, most, next } = topTwo(claims);
  // A holder's claim only defends: it cannot capture what it holds.
  if (first === undefined || first === relic.holder || relic.contested === 1) return undefined;
  const free = lastCaptureTick === undefined || since(lastCaptureTick) >= bounds.gap_ticks;
  const strong = most >= bounds.capture * 1_000 && most * 4 >= next * 5;
  return free && strong && control[first]! >= bounds.control_bp ? first : undefined;
}

type Claiming = {
  brought: ReadonlyMap<string, number>;
  claimed: ReadonlyMap<string, number>;
  control: ById<number>;
  factions: ById<FactionState>;
  clockwork: Clockwork;
};

function causeOf(
  { territory, holder }: RelicState,
  { points, last_capture_tick }: Claim,
  { brought, claimed, control, factions, clockwork }: Claiming,
): CaptureCause {
  const claimants = [...claimed].map(([id, claim]): [string, CaptureCause["factions"][string]] => [
    id,
    {
      held: find(points, id) ?? 0,
      brought: brought.get(id) ?? 0,
      claim_bp: modifier(factions[id]!.modifiers, "claim_bp"),
      claim,
      control_bp: control[id]!,
    },
  ]);
  return {
    territory,
    ...(holder === undefined ? {} : { holder }),
    factions: Object.fromEntries(claimants),
    ...(last_capture_tick === undefined ? {} : { rested: clockwork.since(last_capture_tick) }),
  };
}

/** `territories`: with this tick's control. `points`: applied milli-points by relic and faction. */
export function resolveRelics(
  before: { relics: ById<RelicState>; claims: PrivateState["claims"] },
  territories: ById<TerritoryState>,
  factions: ById<FactionState>,
  points: PointsByPlace,
  clockwork: Clockwork,
  rules: Ruleset,
): { relics: ById<RelicState>; claims: PrivateState["claims"]; happenings: Happening[] } {
  const relics: [string, RelicState][] = [];
  const claims: [string, Claim][] = [];
  const happenings: Happening[] = [];
  for (const [id, held] of entries(before.relics)) {
    const brought = points.get(id) ?? new Map<string, number>();
    const relic: RelicState = { ...held, contested: isContested(brought, rules) ? 1 : 0 };
    const claim = before.claims[id]!;
    const claimed = claimsOf(claim, brought, factions, rules);
    const { control } = territories[relic.territory]!;
    const captor = captorOf(claimed, relic, control, claim.last_capture_tick, clockwork, rules);
    if (captor === undefined) {
      relics.push([id, relic]);
      claims.push([id, { ...claim, points: Object.fromEntries(claimed) }]);
    } else {
      relics.push([id, { ...relic, holder: captor }]);
      claims.push([id, { points: {}, last_capture_tick: clockwork.tick }]);
      const cause = causeOf(held, claim, { brought, claimed, control, factions, clockwork });
      happenings.push({ kind: "capture", relic: id, faction: captor, cause });
    }
  }
  return { relics: Object.fromEntries(relics), claims: Object.fromEntries(claims), happenings };
}
