/** A tick's notices as the bodies of `world.notices`. */
import { MAX_NOTICES_BYTES, type Notice, type NoticesPart } from "../../shared/contracts/notice.ts";

/**
 * A batch takes 1 000 messages, and a commit that is refused would be refused for ever; so many parts always fit. They hold
 * some 20 000 users' notices, far more than ticks with many outcomes have; who comes after gets none.
 */
export const MAX_PARTS = 40;
/** Room for the fields around the notices. */
const AROUND_BYTES = 256;

/** JSON texts of at most `MAX_NOTICES_BYTES`; none where there is no notice. */
export function noticeParts(realm: string, tick: number, notices: readonly Notice[]): string[] {
  const groups: Notice[][] = [];
  let left = 0;
  for (const notice of notices) {
    const bytes = Buffer.byteLength(JSON.stringify(notice)) + 1;
    if (bytes > left) {
      if (groups.length === MAX_PARTS) break;
      groups.push([]);
      left = MAX_NOTICES_BYTES - AROUND_BYTES;
    }
    groups.at(-1)!.push(notice);
    left -= bytes;
  }
  return groups.map((group, i) =>
    JSON.stringify({
      realm,
      tick,
      part: i + 1,
      parts: groups.length,
      notices: group,
    } satisfies NoticesPart),
  );
}
