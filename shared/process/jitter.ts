/** Pauses before something is tried again. Who failed together would otherwise come back together, again and again. */

/** A pause between half and all of `ms`, evenly. */
export const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);
