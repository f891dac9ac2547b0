/** The realm's chain as a file: a tick record per line, which `npm run verify-world` checks without anything of ours. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Source } from "./source.ts";

/**
 * Writes the records of `from` … `to` to `file`, as NDJSON; answers how many. Throws at a tick without a record, also at the end:
 * a chain that was cut short would hold.
 */
export async function publishRecords(
  source: Source,
  file: string,
  { from = 0, to = source.lastTick }: { from?: number; to?: number },
): Promise<number> {
  if (from > to || to > source.lastTick)
    throw new Error(`${source.realm} is recorded up to tick ${source.lastTick}: there is no ${from}…${to}`);
  let written = 0;
  async function* lines() {
    for await (const record of source.records(from)) {
      if (record.tick > to) break;
      if (record.tick !== from + written)
        throw new Error(`tick ${from + written}: no record where it should be`);
      written++;
      yield `${JSON.stringify(record)}\n`;
    }
    if (from + written <= to) throw new Error(`tick ${from + written}: no record where it should be`);
  }
  await pipeline(Readable.from(lines()), createWriteStream(file));
  return written;
}
