/**
 * Conditions of triggers, resolved against a ruleset. Every path is looked up when the condition is resolved, so a typo
 * gives a reason instead of a comparison that is silently false for ever.
 */

import type { Reading } from "../contracts/cause.ts";
import type { Ruleset } from "../contracts/ruleset.ts";
import type { Condition, Counted, Literal, Operand } from "../contracts/trigger.ts";
import type { PublicState } from "../contracts/world.ts";
import { type ById, entries } from "../exact/by-id.ts";
import {
  campaignField,
  effectField,
  type Field,
  type FieldAt,
  factionField,
  type Item,
  relicField,
  territoryField,
  worldField,
} from "./condition-fields.ts";

const MAX_CONDITION_DEPTH = 4;
const MAX_CONDITION_NODES = 32;

export type Holds<Subject> = (subject: Subject) => boolean;

/** What paths and counts mean at one level of a condition: the world, or one counted thing. */
type Scope<Subject> = {
  field: FieldAt<Subject>;
  count: (counted: Counted, where: Condition | undefined, reasons: string[]) => Field<Subject> | undefined;
};

/** Why a condition cannot be resolved; none when it can. */
export function conditionReasons(condition: Condition, rules: Ruleset): string[] {
  const { depth, nodes } = sizeOf(condition);
  if (depth > MAX_CONDITION_DEPTH) return [`deeper than ${MAX_CONDITION_DEPTH}`];
  if (nodes > MAX_CONDITION_NODES) return [`${nodes} nodes, more than ${MAX_CONDITION_NODES}`];
  const reasons: string[] = [];
  resolve(condition, worldScope(rules), reasons);
  return reasons;
}

/** The condition as a predicate of the public state. Throws where it has reasons: a ruleset in force has none. */
export function resolveCondition(condition: Condition, rules: Ruleset): Holds<PublicState> {
  const reasons: string[] = [];
  const holds = resolve(condition, worldScope(rules), reasons);
  if (reasons.length > 0) throw new Error(`condition cannot be resolved: ${reasons.join("; ")}`);
  return holds;
}

/** What a condition in force reads of a state, comparison by comparison in its order; what a `where` counts is read as a number. */
export function readingsOf(condition: Condition, rules: Ruleset, world: PublicState): Reading[] {
  const scope = worldScope(rules);
  return comparisonsIn(condition).map((comparison) => {
    const { operator, sides } = comparisonOf(comparison);
    const [operand, than] = sides;
    const { name, field } = operandOf(operand, scope, []);
    return { of: name, operator, than, is: field!.read(world) };
  });
}

/** All but those within a `where`. */
function comparisonsIn(condition: Condition): Comparison[] {
  if ("all" in condition) return condition.all.flatMap(comparisonsIn);
  if ("any" in condition) return condition.any.flatMap(comparisonsIn);
  if ("not" in condition) return comparisonsIn(condition.not);
  return [condition];
}

/** Every operator is a node; a `where` lies one deeper than its comparison. Looks no further down than too deep. */
function sizeOf(condition: Condition, at = 1): { depth: number; nodes: number } {
  const inner = at > MAX_CONDITION_DEPTH ? [] : innerOf(condition).map((each) => sizeOf(each, at + 1));
  return {
    depth: Math.max(at, ...inner.map(({ depth }) => depth)),
    nodes: inner.reduce((sum, { nodes }) => sum + nodes, 1),
  };
}

function innerOf(condition: Condition): readonly Condition[] {
  if ("all" in condition) return condition.all;
  if ("any" in condition) return condition.any;
  if ("not" in condition) return [condition.not];
  const [operand] = comparisonOf(condition).sides;
  return typeof operand === "string" || operand.where === undefined ? [] : [operand.where];
}

type Operator = "gt" | "gte" | "lt" | "lte" | "eq";
type Comparison = Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>;

function comparisonOf(condition: Comparison): { operator: Operator; sides: [Operand, Literal] } {
  if ("gt" in condition) return { operator: "gt", sides: condition.gt };
  if ("gte" in condition) return { operator: "gte", sides: condition.gte };
  if ("lt" in condition) return { operator: "lt", sides: condition.lt };
  if ("lte" in condition) return { operator: "lte", sides: condition.lte };
  return { operator: "eq", sides: condition.eq };
}

const compare: Record<Operator, (a: Literal, b: Literal) => boolean> = {
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  eq: (a, b) => a === b,
};

function resolve<Subject>(condition: Condition, scope: Scope<Subject>, reasons: string[]): Holds<Subject> {
  if ("all" in condition) {
    const parts = condition.all.map((part) => resolve(part, scope, reasons));
    return (subject) => parts.every((holds) => holds(subject));
  }
  if ("any" in condition) {
    const parts = condition.any.map((part) => resolve(part, scope, reasons));
    return (subject) => parts.some((holds) => holds(subject));
  }
  if ("not" in condition) {
    const holds = resolve(condition.not, scope, reasons);
    return (subject) => !holds(subject);
  }
  const { operator, sides } = comparisonOf(condition);
  const [operand, literal] = sides;
  const { name, field } = operandOf(operand, scope, reasons);
  const reason = field === undefined ? `unknown path ${name}` : mismatch(name, field, operator, literal);
  if (reason !== undefined) reasons.push(reason);
  return (subject) => field !== undefined && compare[operator](field.read(subject), literal);
}

/** What an operand reads; `field` is absent where it names nothing. */
const operandOf = <Subject>(
  operand: Operand,
  scope: Scope<Subject>,
  reasons: string[],
): { name: string; field: Field<Subject> | undefined } =>
  typeof operand === "string"
    ? { name: operand, field: scope.field(operand) }
    : { name: `count.${operand.count}`, field: scope.count(operand.count, operand.where, reasons) };

/** Why this field can't be compared so. */
function mismatch(
  name: string,
  { text }: { text?: ReadonlySet<string> | "any" },
  operator: Operator,
  literal: Literal,
): string | undefined {
  if (text === undefined)
    return typeof literal === "string" ? `${name} is an integer, compared with "${literal}"` : undefined;
  if (typeof literal !== "string") return `${name} is text, compared with ${literal}`;
  if (operator !== "eq") return `${name} is text, which has no order`;
  return text === "any" || text.has(literal) ? undefined : `${name} can never be "${literal}"`;
}

const worldScope = (rules: Ruleset): Scope<PublicState> => ({
  field: worldField(rules),
  count: (counted, where, reasons) => {
    switch (counted) {
      case "factions":
        return counting((world) => world.factions, factionField(rules), where, reasons);
      case "territories":
        return counting((world) => world.territories, territoryField(rules), where, reasons);
      case "relics":
        return counting((world) => world.relics, relicField(rules), where, reasons);
      case "effects":
        return counting((world) => world.effects, effectField(), where, reasons);
      case "campaigns":
        return counting((world) => world.campaigns, campaignField(), where, reasons);
      default:
        return counted satisfies never;
    }
  },
});

function counting<State>(
  all: (world: PublicState) => ById<State>,
  field: FieldAt<Item<State>>,
  where: Condition | undefined,
  reasons: string[],
): Field<PublicState> {
  // A count within a count would see one thing and mean the world: there is none.
  const scope: Scope<Item<State>> = { field, count: () => undefined };
  const holds = where === undefined ? () => true : resolve(where, scope, reasons);
  return { read: (world) => entries(all(world)).filter(([id, state]) => holds({ id, state })).length };
}
