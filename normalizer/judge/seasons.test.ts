import { beforeEach, expect, test } from "vitest";
import type { ValidCommand } from "../../shared/contracts/command.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, START_MS } from "../testing/builders.ts";

let state: NormalizerState;
let seq: number;
beforeEach(() => {
  state = freshRealm();
  seq = 0;
});

const place = () => ({ atMs: START_MS + ++seq * 60_000, seq });
function say(kind: ValidCommand["kind"], payload: object): string {
  const { status, reason } = foldCommand(state, command(kind, payload as never, place())).command;
  return reason ?? status;
}
const status = (to: "active" | "maintenance" | "season_end") => say("realm.status", { status: to });
const act = (change = {}) => {
  const { validity_status, reason } = foldCandidate(state, candidate(place(), change));
  return reason ?? validity_status;
};

test("from the close of a season on candidates are rejected, until the next one opens", () => {
  expect(act()).toBe("accepted");
  expect(say("season.close", {})).toBe("passed");
  expect(act()).toBe("realm_closed");
  expect(say("season.open", {})).toBe("passed");
  expect(act()).toBe("accepted");
});

test("a season closes once, and opens after it was closed", () => {
  expect(say("season.open", {})).toBe("season_not_closed");
  expect(say("season.close", {})).toBe("passed");
  expect(say("season.close", {})).toBe("already_closed");
  expect(say("season.open", {})).toBe("passed");
  expect(say("season.open", {})).toBe("season_not_closed");
});

test("an operator may stop a season without closing it, and let it go on", () => {
  expect(status("season_end")).toBe("applied");
  expect(act()).toBe("realm_closed");
  expect(say("season.open", {})).toBe("season_not_closed");
  expect(status("active")).toBe("applied");
  expect(act()).toBe("accepted");
});

test("what an operator has stopped can still be closed, and a closed season is no operator's to go on with", () => {
  status("season_end");
  expect(say("season.close", {})).toBe("passed");
  expect(status("active")).toBe("season_closed");
  expect(act()).toBe("realm_closed");
});

test("maintenance of a closed realm lets no candidate in, and ends where it began", () => {
  say("season.close", {});
  expect(status("maintenance")).toBe("applied");
  expect(act()).toBe("realm_closed");
  expect(status("active")).toBe("season_closed");
  expect(status("season_end")).toBe("applied");
  expect(say("season.open", {})).toBe("passed");
});

test("in a closed season nobody acts for a faction, in maintenance neither", () => {
  const propose = () => say("sovereign.propose", { action_type: "iron_levy", faction: "empire" });
  expect(propose()).toBe("passed");
  say("season.close", {});
  expect(propose()).toBe("realm_closed");
  status("maintenance");
  expect(propose()).toBe("realm_closed");
});

test("in maintenance candidates are judged, while no season ends and no tick is run", () => {
  status("maintenance");
  expect(act()).toBe("accepted");
  expect(say("season.close", {})).toBe("realm is in maintenance");
  expect(say("tick.run", {})).toBe("realm is in maintenance");
  status("active");
  expect(say("season.close", {})).toBe("passed");
  expect(say("tick.run", {})).toBe("passed");
  status("maintenance");
  expect(say("season.open", {})).toBe("realm is in maintenance");
});

test("a new season has no campaigns, and who was first is first again", () => {
  const open = () => say("campaign.open", { id: "siege", goal: 1, min_contributors: 1, ticks: 9 });
  expect(open()).toBe("passed");
  const named = { campaign_id: "siege" };
  expect(foldCandidate(state, candidate(place(), named))).toMatchObject({ campaign_first: 1 });
  say("season.close", {});
  say("season.open", {});
  expect(act(named)).toBe("unknown_campaign");
  expect(open()).toBe("passed");
  expect(foldCandidate(state, candidate(place(), named))).toMatchObject({ campaign_first: 1 });
});

test.each(["season.close", "season.open", "campaign.open", "campaign.close"] as const)(
  "%s is not a player's to say",
  (kind) => {
    const asked = command(kind, {} as never, { ...place(), actor: "player" });
    expect(foldCommand(state, asked).command).toMatchObject({ status: "refused", reason: "not_allowed" });
  },
);
