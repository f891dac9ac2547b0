/** What makes two actions exactly alike, to the last number. */
import type { ValidCandidate } from "../contracts/candidate.ts";

/** The target is the territory or, where none is named, the relic. */
export const FINGERPRINT_FIELDS = [
  "event_type",
  "target",
  "action_key",
  "base_points",
  "stakes",
  "significance",
] as const;

type Alike = Pick<ValidCandidate, "territory_id" | "relic_id"> &
  Pick<ValidCandidate, Exclude<(typeof FINGERPRINT_FIELDS)[number], "target">>;

/** The fields as text, which game masters group and filter by. No field can hold a `|`. */
export const fingerprintText = (action: Alike): string =>
  FINGERPRINT_FIELDS.map((field) =>
    field === "target" ? (action.territory_id ?? action.relic_id ?? "") : action[field],
  ).join("|");
