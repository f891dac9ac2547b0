import type { Candidate } from "../../shared/contracts/candidate.ts";
import { floorDiv } from "../../shared/integers.ts";

/**
 * How much the story made of the action, basis points in 5 000…15 000:
 * `5000 + ⌊(4000·stakes + 6000·significance) / 10000⌋`. Stakes 6 000 and significance 8 000 give 12 200.
 */
export const qualityBp = (candidate: Pick<Candidate, "stakes" | "significance">): number =>
  5_000 + floorDiv(4_000 * candidate.stakes + 6_000 * candidate.significance, 10_000);
