import { ceilDiv } from "../exact/integers.ts";

/** Voters without whom a council's status quo holds: basis points of those who could have voted, rounded up. */
export const quorumOf = (active: number, quorumBp: number): number => ceilDiv(active * quorumBp, 10_000);
