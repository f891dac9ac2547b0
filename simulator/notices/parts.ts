/** A tick's notices as the bodies of `world.notices`. */
import { MAX_NOTICES_BYTES, type Notice, type NoticesPart } from "../../shared/contracts/notice.ts";
import { inParts } from "../message-parts.ts";

/**
 * A batch takes 1 000 messages, and a commit that is refused would be refused for ever; so many parts always fit. They hold
 * some 60 000 users' notices, far more than ticks with many outcomes have; who comes after gets none.
 */
export const MAX_PARTS = 40;

/** JSON texts of at most `MAX_NOTICES_BYTES`; none where there is no notice. */
export const noticeParts = (realm: string, tick: number, notices: readonly Notice[]): string[] =>
  inParts(notices, {
    maxBytes: MAX_NOTICES_BYTES,
    maxParts: MAX_PARTS,
    body: (place, group) => ({ realm, tick, ...place, notices: group }) satisfies NoticesPart,
  });
