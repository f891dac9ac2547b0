/** A realm's past from the archive, for when its streams are gone. Whole states aren't kept there but where an engine
 * took over from an earlier one: it begins there, or at tick 0. */
import type { PublicState, TickRecord } from "../../../shared/contracts/world.ts";
import type { Database } from "../../../simulator/archive/database/database.ts";
import { openRecorded } from "../../../simulator/archive/recorded.ts";
import type { Source } from "./source.ts";

/** Throws `NotRecorded` where the archive holds nothing of the realm, or not its beginning. */
export async function postgresSource(database: Database, realm: string): Promise<Source> {
  const { first, handover, lastTick, newestTick, through, inputs, records } = await openRecorded(
    database,
    realm,
  );
  return {
    name: "Postgres",
    realm,
    first,
    ...(handover === undefined ? {} : { handover }),
    lastTick,
    async *inputs(after) {
      for await (const input of inputs()) if (input.seq > after) yield [input];
    },
    async *records(from): AsyncGenerator<TickRecord> {
      for await (const record of records()) if (record.tick >= from) yield record;
    },
    checkpoint: async () => undefined,
    stateAt: async (tick) => {
      const { rows } = await database.query<{ state: PublicState }>(
        "SELECT state_json AS state FROM world_state_snapshots WHERE realm_id = $1 AND tick_number = $2",
        [realm, tick],
      );
      return rows[0]?.state;
    },
    ...(newestTick === undefined
      ? {}
      : {
          missingEnd: `tick ${lastTick + 1}: recorded up to tick ${newestTick}, but EVENTS is archived up to ${through} only`,
        }),
  };
}
