import { beforeEach, describe, expect, test } from "vitest";
import type { ValidCandidate } from "../../shared/contracts/candidate.ts";
import type { Accepted, Decision, Quarantined } from "../../shared/contracts/decision.ts";
import { MAX_CAMPAIGNS } from "../commands/commands.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import type { NormalizerState } from "../state/state.ts";
import { candidate, command, freshRealm, START_MS, TIGHT_RULES } from "../testing/builders.ts";

let state: NormalizerState;
let seq: number;
beforeEach(() => {
  state = freshRealm();
  seq = 0;
});

type Actor = "gm" | "system" | "player";
/** Not as even as a clock. */
const place = () => ({ atMs: START_MS + ++seq * 60_000 + ((seq * seq) % 7) * 5_000, seq });
const open = (id: string, actor: Actor = "gm", over = {}) =>
  foldCommand(
    state,
    command(
      "campaign.open",
      { id, goal: 100, min_contributors: 2, ticks: 10, ...over },
      { ...place(), actor },
    ),
  ).command;
const close = (id: string, actor: Actor = "gm") =>
  foldCommand(state, command("campaign.close", { id }, { ...place(), actor })).command;
const act = (change: Partial<ValidCandidate> = {}): Decision =>
  foldCandidate(state, candidate(place(), { campaign_id: "siege", ...change }));
const firsts = (decisions: Decision[]) => decisions.map((each) => (each as Accepted).campaign_first);

test("a campaign may be named from its opening to its close, and other ids never", () => {
  expect(act().reason).toBe("unknown_campaign");
  expect(open("siege").status).toBe("passed");
  expect(act().validity_status).toBe("accepted");
  expect(act({ campaign_id: "constructor" }).reason).toBe("unknown_campaign");
  expect(close("siege").status).toBe("passed");
  expect(act().reason).toBe("unknown_campaign");
});

test("a user is first in a campaign once, and in each campaign", () => {
  open("siege");
  open("feast");
  const decisions = [act(), act(), act({ user_id: "bo" }), act({ campaign_id: "feast" }), act()];
  expect(firsts(decisions)).toEqual([1, undefined, 1, 1, undefined]);
});

test("an event of no points is no first: a contributor contributes", () => {
  open("siege");
  const spent = freshRealm({ ...TIGHT_RULES, caps: { ...TIGHT_RULES.caps, user_day: 100 } });
  state = spent;
  open("siege");
  const [whole, none] = [act({ campaign_id: undefined as never }), act()];
  expect([whole.normalized_points, none.normalized_points]).toEqual([100_000, 0]);
  expect(none).toMatchObject({ validity_status: "accepted" });
  expect(firsts([none])).toEqual([undefined]);
});

test("an id that opens again is another campaign, in which everybody is first anew", () => {
  open("siege");
  expect(firsts([act(), act()])).toEqual([1, undefined]);
  close("siege");
  open("siege");
  expect(firsts([act(), act()])).toEqual([1, undefined]);
});

test("closed campaigns are forgotten with the next first", () => {
  for (let i = 0; i < 40; i++) {
    open(`siege-${i}`);
    act({ campaign_id: `siege-${i}`, action_key: `combat.${i}`, base_points: 2 });
    if (i > 0) close(`siege-${i}`);
  }
  expect(Object.keys(state.members.get("ada")!.firsts!)).toEqual(["siege-0", "siege-39"]);
});

test("who changes sides is no first again", () => {
  open("siege");
  expect(firsts([act()])).toEqual([1]);
  const atMs = START_MS + 15 * 86_400_000;
  foldCommand(state, command("member.switch", { user: "ada", faction: "veilborn" }, { atMs, seq: ++seq }));
  const later = foldCandidate(
    state,
    candidate({ atMs, seq: ++seq }, { campaign_id: "siege", faction_id: "veilborn" }),
  );
  expect(later.validity_status).toBe("accepted");
  expect(firsts([later])).toEqual([undefined]);
});

test("in a campaign of another faction nobody is first, and who comes over to it is", () => {
  open("siege", "system", { faction: "veilborn" });
  expect(firsts([act()])).toEqual([undefined]);
  const atMs = START_MS + 15 * 86_400_000;
  foldCommand(state, command("member.switch", { user: "ada", faction: "veilborn" }, { atMs, seq: ++seq }));
  const later = foldCandidate(
    state,
    candidate({ atMs, seq: ++seq }, { campaign_id: "siege", faction_id: "veilborn" }),
  );
  expect(firsts([later])).toEqual([1]);
});

test("a release is its user's first, where the campaign is open still", () => {
  state = freshRealm(TIGHT_RULES);
  open("siege");
  const burst = Array.from({ length: 7 }, (_, i) =>
    foldCandidate(
      state,
      candidate(
        { atMs: START_MS + 600_000 + i, seq: ++seq },
        { action_key: `combat.${i}`, base_points: 10, ...(i === 6 ? { campaign_id: "siege" } : {}) },
      ),
    ),
  );
  const held = burst[6] as Quarantined;
  expect(held).toMatchObject({ validity_status: "quarantined" });
  expect(held).not.toHaveProperty("campaign_first");
  const { decision } = foldCommand(
    state,
    command("review.release", { event: held.event_id, decision: { ...held } }, place()),
  );
  expect(decision).toMatchObject({ reason: "released", campaign_first: 1 });
  expect(firsts([act()])).toEqual([undefined]);
});

describe("refusals", () => {
  test("a campaign is not opened twice, nor by a player, nor when the season is over", () => {
    open("siege");
    expect(open("siege")).toMatchObject({ status: "refused", reason: "already_open" });
    expect(open("siege", "system")).toMatchObject({ status: "refused", reason: "already_open" });
    expect(open("feast", "player").reason).toBe("not_allowed");
    foldCommand(state, command("season.close", {}, place()));
    expect(open("feast").reason).toBe("realm_closed");
  });

  test("a campaign and those that follow it name what the ruleset has, and each other's ids once", () => {
    const effect = { do: "modify", name: "yield_bp", faction: "nobody", add: 300, ticks: 9 };
    expect(open("siege", "gm", { faction: "nobody" }).reason).toBe("campaign siege: unknown faction nobody");
    expect(open("siege", "gm", { on_won: [effect] }).reason).toBe("campaign siege: unknown faction nobody");
    expect(open("siege", "gm", { next: { id: "sack", ticks: 1, on_lost: [effect] } }).reason).toBe(
      "campaign sack: unknown faction nobody",
    );
    expect(open("siege", "gm", { next: { id: "siege", ticks: 1 } }).reason).toBe("steps: siege stands twice");
  });

  test(`${MAX_CAMPAIGNS} campaigns may be open; what the world has opened comes on top`, () => {
    for (let i = 0; i < MAX_CAMPAIGNS; i++) expect(open(`siege-${i}`).status).toBe("passed");
    expect(open("one-more").reason).toBe("too_many");
    expect(open("of-the-world", "system").status).toBe("passed");
    close("siege-0");
    close("siege-1");
    expect(open("one-more").status).toBe("passed");
  });
});
