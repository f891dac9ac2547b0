import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { registry } from "../../shared/process/metrics.ts";
import { foldCandidate, foldCommand } from "../core.ts";
import { candidate, command, freshRealm, START_MS, TIGHT_RULES } from "../testing/builders.ts";
import { showShadow } from "./shadow-metrics.ts";

const shown = async () =>
  (await registry.metrics()).split("\n").filter((line) => line.startsWith("amoi_shadow_"));

test("a shadow's counts are gauges by side, and go when the realm is let go", async () => {
  const state = freshRealm();
  const ruleset = { ...TIGHT_RULES, caps: { ...TIGHT_RULES.caps, user_day: 100 } };
  foldCommand(state, command("shadow.set", { ruleset }, { atMs: START_MS, seq: 1 }));
  foldCandidate(state, candidate({ atMs: START_MS, seq: 2 }));
  const stop = new AbortController();
  const showing = showShadow(state, stop.signal);
  await delay(0);
  expect(await shown()).toEqual(
    expect.arrayContaining([
      'amoi_shadow_decisions{realm="r",side="live",kind="accepted",reason="judged"} 1',
      'amoi_shadow_points_millipoints{realm="r",side="live",faction="empire"} 122000',
      'amoi_shadow_points_millipoints{realm="r",side="shadow",faction="empire"} 100000',
      'amoi_shadow_clipped_millipoints{realm="r",side="shadow",by="user_day"} 22000',
      'amoi_shadow_differing_decisions{realm="r",what="points"} 1',
      'amoi_shadow_errors{realm="r"} 0',
    ]),
  );
  stop.abort();
  await showing;
  expect(await shown()).toEqual([]);
});
