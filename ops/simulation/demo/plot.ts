/** How the demo's story goes; a test plays it through the pure cores and holds it to its promises. */

/** Candidates a second: a lively world, and little enough for a laptop. */
export const PER_SECOND = 120;

/** Length of an act in ticks: the first faction's surge must last until its age begins, and its rivals answer after. */
export const ACT_TICKS = 25;

/**
 * During a surge the rivals are nearly silent: the burst cap lets every faction gain the same at most in a tick, so a share
 * of over 70 % needs rivals that stay far below it.
 */
export const RESTING_BP = 150;
