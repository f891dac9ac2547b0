/** Accepted events of a crowd on the largest map, as EVENTS holds them: bundles of 50, each decision with all that it carries. */
import { BundleBuilder } from "../../shared/stream/codec.ts";
import { subjects } from "../../shared/stream/subjects.ts";
import { playOf } from "../testing/recorded.ts";
import { LARGE_FACTIONS, LARGE_TERRITORIES } from "./large-world.ts";

/** So many events does a user have in a tick: an evening at the end of a season. */
const EVENTS_PER_USER = 10;

/** Bundles of `events` accepted events of one tick, the same in every run. */
export function crowdBundles(realm: string, events: number): Uint8Array[] {
  const places = { factions: LARGE_FACTIONS, territories: LARGE_TERRITORIES };
  const users = Math.ceil(events / EVENTS_PER_USER);
  const bundles = new BundleBuilder();
  const STRETCH = 1_000;
  const play = playOf(realm, places, { users, perTick: Math.min(STRETCH, events), seed: 17 });
  for (let tick = 1; (tick - 1) * STRETCH < events; tick++)
    for (const decision of play(tick).accepted.slice(0, events - (tick - 1) * STRETCH))
      bundles.push(
        subjects.accepted(realm),
        JSON.stringify({ ...decision, device_id: `device-of-${decision.user_id}`, explain: EXPLAIN }),
      );
  return bundles.finish().map(({ data }) => data as Uint8Array);
}

/** As long as those of a busy player are. */
const EXPLAIN = [100_000, 12_345, 23_456, 2, 456_789, 321_000, 234_567, 345_678, 1_234_567];
