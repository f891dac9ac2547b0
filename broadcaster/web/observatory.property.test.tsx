/** Every panel draws whatever the contracts allow: states, forecasts, rates, pulses and events made from their schemas. */
import fc from "fast-check";
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import { arbitraryOf } from "../../ops/testing/arbitrary-of.ts";
import { Pulse } from "../../shared/contracts/feed.ts";
import { DerivedEvent, PublicState } from "../../shared/contracts/world.ts";
import type { Told } from "../../shared/web/happenings.ts";
import { Names } from "../../shared/web/names.ts";
import * as answers from "../reads/schemas.ts";
import type { LiveView } from "./live.ts";
import { namesIn } from "./names-in.ts";
import { Observatory } from "./observatory.tsx";
import { Past } from "./past.ts";
import type { Outlook, RealmLine, RealmMap } from "./reads.ts";
import { Reads } from "./reads.ts";

/** `constructor` and `__proto__`-like names are ids as any other. */
const ids = ["empire", "freeholds", "iron_gate", "mist_fen", "ember_crown", "constructor", "valueof"];
const states = arbitraryOf(PublicState, { ids });
const outlooks = arbitraryOf(answers.Territories.shape.territories, { ids });
const maps = arbitraryOf(answers.PlacedMap, { ids });
const pulses = arbitraryOf(Pulse, { ids });
const events = fc.array(arbitraryOf(DerivedEvent, { ids }), { maxLength: 8 });
const chosen: RealmLine = {
  realm: "amoi-1",
  name: "Amoi",
  status: "active",
  season: 1,
  tick: 0,
  at: "2026-01-01T00:00:00.000Z",
  hash: "0".repeat(64),
};

type Seen = {
  state: PublicState;
  outlooks: Record<string, Outlook>;
  map: RealmMap | undefined;
  pressure: Pulse["pressure"];
  events: Told[];
  tickSeconds: number | undefined;
};

function liveOf({ state, events, ...seen }: Seen): LiveView {
  const past = new Past();
  past.append({ state, hash: "0".repeat(64), events });
  return {
    ...seen,
    reads: new Reads("http://127.0.0.1", "amoi-1"),
    status: "open",
    world: { epoch: "e", tick: state.tick, hash: "0".repeat(64), state },
    past,
    noPast: undefined,
    names: new Names(seen.map === undefined ? {} : namesIn(seen.map)),
    nextTickMs: undefined,
    healed: 0,
    hashes: true,
    subscribe: () => () => {},
    close: () => {},
  };
}

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
      const page = render(<Observatory live={liveOf(drawn)} realms={[chosen]} chosen={chosen} />);
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
  const page = render(<Observatory live={live} realms={[chosen]} chosen={chosen} />);
  expect(page).toMatch(new RegExp(`data-testid="connection">live · tick ${state!.tick}<`));
});
