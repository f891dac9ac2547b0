/** What a tick made happen, as a sentence. */
import type { Names } from "./names.ts";
import { title, whole } from "./words.ts";

/** A derived event as it comes over the feed; kinds that this page doesn't know yet are told plainly. */
export type Told = { tick: number; n: number; kind: string; [field: string]: unknown };

/** How loud it is told: `great` is read out and marked, `quiet` follows from another. */
export type Sentence = { text: string; weight: "great" | "plain" | "quiet"; faction?: string };

type Actions = Record<string, { action_type: string; faction: string }>;

/** `actions`: the realm's, since an event names only the id of one. */
export function inWords(event: Told, names: Names, actions: Actions = {}): Sentence {
  const text = (field: string): string => String(event[field] ?? "");
  switch (event.kind) {
    case "flip": {
      const from = event.from === undefined ? "" : ` from the ${names.faction(text("from"))}`;
      const to = text("to");
      return {
        text: `${names.territory(text("territory"))} falls to the ${names.faction(to)}${from}`,
        weight: "great",
        faction: to,
      };
    }
    case "capture": {
      const faction = text("faction");
      return {
        text: `The ${names.faction(faction)} captures the ${names.relic(text("relic"))}`,
        weight: "great",
        faction,
      };
    }
    case "trigger":
      return { text: `${title(text("key"))} begins`, weight: "great" };
    case "effect_start":
      return { text: `${title(part(text("id")))} takes hold`, weight: "quiet" };
    case "effect_end":
      return { text: `${title(part(text("id")))} fades`, weight: "quiet" };
    case "effect_refused":
      return { text: `${title(part(text("id")))} finds no hold`, weight: "quiet" };
    case "campaign":
      return event.stage === 0
        ? { text: `The campaign ${title(text("id"))} opens`, weight: "plain" }
        : { text: `The campaign ${title(text("id"))} reaches stage ${text("stage")} of 4`, weight: "plain" };
    case "action": {
      const id = text("id");
      const action = Object.hasOwn(actions, id) ? actions[id] : undefined;
      const deed =
        action === undefined
          ? "a sovereign action"
          : `the ${title(action.action_type)} of the ${names.faction(action.faction)}`;
      return event.status === "opposed"
        ? { text: `The ${names.faction(text("faction"))} opposes ${deed}`, weight: "plain" }
        : { text: `${deed[0]!.toUpperCase()}${deed.slice(1)} is ${text("status")}`, weight: "plain" };
    }
    case "council":
      return event.step === "open"
        ? { text: `The council of the ${names.faction(text("faction"))} is called`, weight: "plain" }
        : { text: `The council of the ${names.faction(text("faction"))} has decided`, weight: "plain" };
    case "resource": {
      const amount = Number(event.change);
      const verb = amount < 0 ? "spends" : "receives";
      return {
        text: `The ${names.faction(text("faction"))} ${verb} ${whole(Math.abs(amount))} ${title(text("resource")).toLowerCase()}`,
        weight: "quiet",
      };
    }
    case "decree":
      return { text: `Decree: ${text("text")}`, weight: "great" };
    case "season":
      return {
        text: `Season ${text("season")} ${event.step === "open" ? "opens" : "closes"}`,
        weight: "great",
      };
    case "status":
      return { text: `The realm is now ${title(text("status")).toLowerCase()}`, weight: "plain" };
    case "ruleset":
      return { text: `Ruleset ${text("version")} takes effect`, weight: "quiet" };
    case "refused":
      return {
        text: `The world refuses ${text("command")}: ${title(text("reason")).toLowerCase()}`,
        weight: "quiet",
      };
    default:
      return {
        text: `${title(event.kind)} ${title(text("id"))}`.trimEnd(),
        weight: "quiet",
      };
  }
}

/** An effect of a trigger that has several goes by the trigger and a number. */
const part = (id: string): string => id.replace(/\.\d+$/, "");
