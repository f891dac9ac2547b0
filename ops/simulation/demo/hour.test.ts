import { expect, test } from "vitest";
import type { DerivedEvent } from "../../../shared/contracts/world.ts";
import { Hour } from "./hour.ts";

const flip = (tick: number, to: string, from: string): DerivedEvent =>
  ({ tick, n: 1, kind: "flip", territory: "moon_stair", from, to }) as const;
const happened = (events: DerivedEvent[], caught = 0): string[] => {
  const hour = new Hour();
  hour.add(events);
  return hour.facts(caught).flatMap((each) => (each.happened ? [each.fact] : []));
};
const RISE = [flip(1, "empire", "freeholds"), flip(9, "empire", "veilborn")];

test("who takes two territories has risen; who then loses two to two others has fallen to a coalition", () => {
  expect(happened(RISE.slice(0, 1))).toEqual([]);
  expect(happened(RISE)).toEqual(["a faction rose"]);
  const one = flip(30, "veilborn", "empire");
  expect(happened([...RISE, one, flip(40, "veilborn", "empire")])).toEqual(["a faction rose", "it fell"]);
  expect(happened([...RISE, one, flip(40, "freeholds", "empire")])).toEqual([
    "a faction rose",
    "a coalition took from it",
    "it fell",
  ]);
});

test("rivals who take from it long after its height are no coalition", () => {
  const late = [flip(100, "veilborn", "empire"), flip(120, "freeholds", "empire")];
  expect(happened([...RISE, ...late])).toEqual(["a faction rose", "it fell"]);
});

test("campaigns, councils, actions and caught cheats are told as they ended", () => {
  const event = (what: object) => ({ tick: 5, n: 1, ...what }) as DerivedEvent;
  const action = (status: string) => event({ kind: "action", id: "a", status });
  expect(
    happened(
      [
        event({ kind: "campaign", id: "iron_decrees", stage: "won" }),
        event({ kind: "campaign", id: "iron_tithe", stage: "lost" }),
        event({ kind: "council", id: "c", faction: "empire", step: "close", option: 0, reason: "voted" }),
        action("resolved"),
        action("countered"),
      ],
      3,
    ),
  ).toEqual([
    "a campaign was won",
    "a campaign was lost",
    "a council voted",
    "sovereign actions came to their end, one of them countered",
    "cheats were caught",
  ]);
  expect(
    happened([action("resolved"), event({ kind: "council", step: "close", reason: "no_quorum" })]),
  ).toEqual([]);
});
