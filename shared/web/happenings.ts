/** What a tick made happen, as a sentence. */
import type { Happening } from "../contracts/happening.ts";
import { find } from "../exact/by-id.ts";
import { wordsOf } from "../world/name-for.ts";
import type { Names } from "./names.ts";
import { whole } from "./words.ts";

/** A derived event as it comes over the feed; kinds that this page doesn't know yet are told plainly. */
export type Told = { tick: number; n: number; kind: string; [field: string]: unknown };

/** How loud it is told: `great` is read out and marked, `quiet` follows from another. */
export type Sentence = { text: string; weight: "great" | "plain" | "quiet"; faction?: string };

type Actions = Record<string, { action_type: string; faction: string }>;

type Teller = (event: Told, text: (field: string) => string, names: Names, actions: Actions) => Sentence;

const SENTENCES: Record<Happening["kind"], Teller> = {
  flip(event, text, names) {
    const from = event.from === undefined ? "" : ` from the ${names.faction(text("from"))}`;
    const to = text("to");
    return {
      text: `${names.territory(text("territory"))} falls to the ${names.faction(to)}${from}`,
      weight: "great",
      faction: to,
    };
  },
  capture(_event, text, names) {
    const faction = text("faction");
    return {
      text: `The ${names.faction(faction)} captures the ${names.relic(text("relic"))}`,
      weight: "great",
      faction,
    };
  },
  trigger: (_event, text, names) => ({ text: `${names.trigger(text("key"))} begins`, weight: "great" }),
  effect_start: (_event, text, names) => ({
    text: `${names.effect(text("id"))} takes hold`,
    weight: "quiet",
  }),
  effect_end: (_event, text, names) => ({ text: `${names.effect(text("id"))} fades`, weight: "quiet" }),
  effect_refused: (_event, text, names) => ({
    text: `${names.effect(text("id"))} finds no hold`,
    weight: "quiet",
  }),
  campaign(event, text, names) {
    const campaign = `The campaign ${names.campaign(text("id"), event.title)}`;
    if (event.stage === 0) return { text: `${campaign} opens`, weight: "plain" };
    return typeof event.stage === "string"
      ? { text: `${campaign} is ${text("stage")}`, weight: "great" }
      : { text: `${campaign} reaches stage ${text("stage")} of 4`, weight: "plain" };
  },
  action(event, text, names, actions) {
    const id = text("id");
    const action = Object.hasOwn(actions, id) ? actions[id] : undefined;
    const deed =
      action === undefined
        ? "a sovereign action"
        : `the ${names.action(action.action_type)} of the ${names.faction(action.faction)}`;
    return event.status === "opposed"
      ? { text: `The ${names.faction(text("faction"))} opposes ${deed}`, weight: "plain" }
      : { text: `${deed[0]!.toUpperCase()}${deed.slice(1)} is ${text("status")}`, weight: "plain" };
  },
  council: (event, text, names) =>
    event.step === "open"
      ? { text: `The council of the ${names.faction(text("faction"))} is called`, weight: "plain" }
      : { text: `The council of the ${names.faction(text("faction"))} has decided`, weight: "plain" },
  resource(event, text, names) {
    const amount = Number(event.change);
    const verb = amount < 0 ? "spends" : "receives";
    return {
      text: `The ${names.faction(text("faction"))} ${verb} ${whole(Math.abs(amount))} ${names.resource(text("resource"))}`,
      weight: "quiet",
    };
  },
  correct: ({ of }, text, names) => ({
    text: `A game master sets the ${text("what")} of ${correctedThing(of, names)} right`,
    weight: "plain",
  }),
  void: (_event, text, names) => ({
    text: `A game master takes an event's influence back from the ${names.faction(text("faction"))}`,
    weight: "plain",
  }),
  restore: (_event, text, names) => ({
    text: `A game master gives the ${names.faction(text("faction"))} an event's influence again`,
    weight: "plain",
  }),
  ban: () => ({ text: "A game master bans a player for a time", weight: "quiet" }),
  unban: () => ({ text: "A game master lifts a ban", weight: "quiet" }),
  decree: ({ text }, _text, names) => ({ text: `Decree: ${names.statement(text)}`, weight: "great" }),
  season: (event, text) => ({
    text: `Season ${text("season")} ${event.step === "open" ? "opens" : "closes"}`,
    weight: "great",
  }),
  status: (_event, text) => ({
    text: `The realm is now ${wordsOf(text("status")).toLowerCase()}`,
    weight: "plain",
  }),
  ruleset: (_event, text) => ({ text: `Ruleset ${text("version")} takes effect`, weight: "quiet" }),
  refused: (_event, text) => ({
    text: `The world refuses a command: ${wordsOf(text("reason")).toLowerCase()}`,
    weight: "quiet",
  }),
};

/** `actions`: the realm's, since an event names only the id of one. A kind of a newer world has its plain name. */
export function inWords(event: Told, names: Names, actions: Actions = {}): Sentence {
  const text = (field: string): string => String(event[field] ?? "");
  return (
    find(SENTENCES, event.kind)?.(event, text, names, actions) ?? {
      text: wordsOf(event.kind),
      weight: "quiet",
    }
  );
}

/** The place, or else whose stock or influence it is. */
function correctedThing(of: unknown, names: Names): string {
  const { territory, relic, faction } = of as Partial<Record<"territory" | "relic" | "faction", string>>;
  if (territory !== undefined) return names.territory(territory);
  return relic === undefined ? `the ${names.faction(String(faction))}` : `the ${names.relic(relic)}`;
}
