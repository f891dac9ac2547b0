/** Every panel draws whatever the contracts allow: states, forecasts, rates, pulses and events made from their schemas. */
import fc from "fast-check";
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { arbitraryOf } from "../../ops/testing/arbitrary-of.ts";
import { Pulse } from "../../shared/contracts/feed.ts";
import { DerivedEvent, PublicState } from "../../shared/contracts/world.ts";
import type { Told } from "../../shared/web/happenings.ts";
import * as answers from "../reads/schemas.ts";
import { Observatory } from "./observatory.tsx";
import { CHOSEN, liveOf } from "./testing/live-of.ts";

/** `constructor` and `__proto__`-like names are ids as any other. */
const ids = ["empire", "freeholds", "iron_gate", "mist_fen", "ember_crown", "constructor", "valueof"];
const states = arbitraryOf(PublicState, { ids });
const outlooks = arbitraryOf(answers.Territories.shape.territories, { ids });
const maps = arbitraryOf(answers.PlacedMap, { ids });
const pulses = arbitraryOf(Pulse, { ids });
const events = fc.array(arbitraryOf(DerivedEvent, { ids }), { maxLength: 8 });
test("the whole page draws any state, outlook, map, pulse and event that the contracts allow", () => {
  const seen = fc.record({
    state: states,
    outlooks,
    map: fc.option(maps, { nil: undefined }),
    pressure: pulses.map(({ pressure }) => pressure),
    events: events as fc.Arbitrary<Told[]>,
    tickSeconds: fc.option(fc.integer({ min: 1, max: 9_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(seen, (drawn) => {
      const page = render(<Observatory live={liveOf(drawn)} realms={[CHOSEN]} chosen={CHOSEN} />);
      expect(page.includes(`tick ${drawn.state.tick}<`)).toBe(true);
      // What an id that is a name of `Object.prototype`, or a field that isn't there, would leave in the page.
      expect(page.match(/.{0,40}(?:undefined|NaN|\[object|native code).{0,40}/)?.[0]).toBeUndefined();
    }),
  );
});

test("the badge tells the tick that is drawn", () => {
  const [state] = fc.sample(states, { numRuns: 1, seed: 1 });
  const live = liveOf({
    state: state!,
    outlooks: {},
    map: undefined,
    pressure: {},
    events: [],
    tickSeconds: undefined,
  });
  const page = render(<Observatory live={live} realms={[CHOSEN]} chosen={CHOSEN} />);
  expect(page).toMatch(new RegExp(`data-testid="connection">live · tick ${state!.tick}<`));
});
