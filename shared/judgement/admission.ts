/**
 * What a realm admits: its status, whether its season is closed, and which campaigns candidates may name. A fold of decided
 * commands; what is passed on to the simulator counts here from its place in the log.
 */

import type { DecidedCommand, RealmStatus } from "../contracts/command.ts";
import type { ById } from "../exact/by-id.ts";

export type Admission = {
  status: RealmStatus;
  /** From `season.close` to `season.open`, whatever the status is meanwhile. */
  season_closed: 0 | 1;
  /** Open campaigns, each with the `source_seq` of the command that opened it: a later opening of its id is another campaign. */
  campaigns: ById<number>;
};

export const OPEN: Admission = { status: "active", season_closed: 0, campaigns: {} };

/** Whether candidates count for nothing because the season is over. */
export const isClosed = ({ status, season_closed }: Pick<Admission, "status" | "season_closed">): boolean =>
  status === "season_end" || season_closed === 1;

/** Changes nothing that it is given. */
export function admissionAfter(before: Admission, command: DecidedCommand): Admission {
  if (command.status === "refused") return before;
  switch (command.kind) {
    case "realm.status":
      return { ...before, status: command.payload.status };
    case "season.close":
      return { ...before, status: "season_end", season_closed: 1 };
    case "season.open":
      return OPEN;
    case "campaign.open":
      return { ...before, campaigns: { ...before.campaigns, [command.payload.id]: command.source_seq } };
    case "campaign.close": {
      const { [command.payload.id]: _closed, ...campaigns } = before.campaigns;
      return { ...before, campaigns };
    }
    default:
      return before;
  }
}
