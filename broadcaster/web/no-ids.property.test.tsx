/** People read names on the page, never ids: of whatever the contracts allow. */
import fc from "fast-check";
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { arbitraryOf } from "../../ops/testing/arbitrary-of.ts";
import { idIn, MARKED, markedNames, SOURCES } from "../../ops/testing/marked-ids.ts";
import { Pulse } from "../../shared/contracts/feed.ts";
import { DerivedEvent, PublicState } from "../../shared/contracts/world.ts";
import { mapById } from "../../shared/exact/by-id.ts";
import { inWords, type Told } from "../../shared/web/happenings.ts";
import { Names } from "../../shared/web/names.ts";
import * as answers from "../reads/schemas.ts";
import { Observatory } from "./observatory.tsx";
import { CHOSEN, liveOf } from "./testing/live-of.ts";

/** What is read and what is read out: the text, and of the attributes those that speak. */
const spoken = (page: string): string =>
  [
    page.replaceAll(/<[^>]*>/g, " "),
    ...[...page.matchAll(/ (?:aria-label|aria-valuetext|title|alt|placeholder)="([^"]*)"/g)].map(
      ([, said]) => said,
    ),
  ].join("\n");

/** In the schema these are any text: what an effect changes, whom it reaches, what called for it, and a reason. */
const states = fc
  .tuple(arbitraryOf(PublicState, MARKED), fc.constantFrom("*", "zq_a", "!zq_b"), fc.constantFrom(...SOURCES))
  .map(([state, faction, source]) => ({
    ...state,
    effects: mapById(state.effects, (effect) => ({
      ...effect,
      source,
      ...("name" in effect && { name: effect.kind === "meter" ? "tension" : "claim_bp" }),
      ...("faction" in effect && { faction }),
    })),
  }));
const events = fc.tuple(arbitraryOf(DerivedEvent, MARKED), fc.constantFrom(...SOURCES)).map(
  ([event, source]): Told => ({
    ...event,
    ...(event.kind.startsWith("effect_") && { id: `${source}.0` }),
    ...("reason" in event && { reason: "too_early" }),
  }),
);

test.each(["vi", "en"] as const)("no event is told with an id, with names in %s", (language) => {
  const names = new Names(markedNames(), language);
  fc.assert(
    fc.property(events, arbitraryOf(PublicState.shape.actions, MARKED), (event, actions) => {
      expect(idIn(inWords(event, names, actions).text)).toBeUndefined();
    }),
  );
});

test("nothing that the page says is an id", () => {
  const seen = fc.record({
    state: states,
    outlooks: arbitraryOf(answers.Territories.shape.territories, MARKED),
    map: arbitraryOf(answers.PlacedMap, MARKED),
    pressure: arbitraryOf(Pulse, MARKED).map(({ pressure }) => pressure),
    events: fc.array(events, { maxLength: 8 }),
    tickSeconds: fc.constant(900),
  });
  fc.assert(
    fc.property(seen, (drawn) => {
      const live = { ...liveOf(drawn), names: new Names(markedNames()) };
      const page = render(<Observatory live={live} realms={[CHOSEN]} chosen={CHOSEN} />);
      expect(idIn(spoken(page))).toBeUndefined();
    }),
  );
});
