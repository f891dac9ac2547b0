/** How the demo's story goes; tests play it through the pure cores and hold it to its promises. */
import type { Ruleset } from "../../../shared/contracts/ruleset.ts";
import type { StoryOptions } from "../story/storyteller.ts";

/** Candidates a second: a lively world, and little enough for a laptop. */
export const PER_SECOND = 120;

/** Length of an act in ticks: the first faction's surge must last until its age begins, and its rivals answer after. */
export const ACT_TICKS = 25;

/**
 * During a surge the rivals are nearly silent: the burst cap lets every faction gain the same at most in a tick, so a share
 * of over 70 % needs rivals that stay far below it.
 */
export const RESTING_BP = 150;

/** A script begins to play every so many seconds. */
export const CHEAT_SECONDS = 25;

/** The demo's story of a realm; acts follow its ticks. */
export const storyOf = (
  of: Pick<StoryOptions, "seed" | "realm" | "startMs"> & { ruleset: Ruleset },
): StoryOptions => ({
  ...of,
  perHour: PER_SECOND * 3_600,
  actMs: ACT_TICKS * of.ruleset.tick_seconds * 1_000,
  restingBp: RESTING_BP,
  mishapsBp: 200,
  cheatMs: CHEAT_SECONDS * 1_000,
});
