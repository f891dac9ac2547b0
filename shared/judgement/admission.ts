/**
 * What a realm admits: its status, whether its season is closed, and which campaigns candidates may name. A fold of decided
 * commands; what is passed on to the simulator counts here from its place in the log.
 */

import type { DecidedCommand, RealmStatus } from "../contracts/command.ts";
import type { ById } from "../exact/by-id.ts";
import { timeMs } from "../exact/time.ts";
import { type Bans, lasting } from "./bans.ts";

export type Admission = {
  status: RealmStatus;
  /** From `season.close` to `season.open`, whatever the status is meanwhile. */
  season_closed: 0 | 1;
  /** `source_seq` of the command that opened the season, which freed all members; 0 in a realm's first season. */
  season_seq: number;
  /** Open campaigns, each with the `source_seq` of the command that opened it: a later opening of its id is another campaign. */
  campaigns: ById<number>;
  /** Of those that count one faction's points alone: which. */
  sides: ById<string>;
  bans: Bans;
  /** Events of the season that game masters voided; 1 each. */
  voids: ById<1>;
};

export const OPEN: Admission = {
  status: "active",
  season_closed: 0,
  season_seq: 0,
  campaigns: {},
  sides: {},
  bans: {},
  voids: {},
};

/** Events of a season that are void at once. */
export const MAX_VOIDS = 1_000;

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
      return { ...OPEN, season_seq: command.source_seq, bans: before.bans };
    case "campaign.open": {
      const { id, faction } = command.payload;
      const { campaigns, sides } = without(before, id);
      return {
        ...before,
        campaigns: { ...campaigns, [id]: command.source_seq },
        sides: faction === undefined ? sides : { ...sides, [id]: faction },
      };
    }
    case "campaign.close":
      return { ...before, ...without(before, command.payload.id) };
    case "event.void":
      return { ...before, voids: { ...before.voids, [command.payload.event]: 1 } };
    case "event.restore": {
      const { [command.payload.event]: _void, ...voids } = before.voids;
      return { ...before, voids };
    }
    case "user.ban": {
      const { user, until } = command.payload;
      return {
        ...before,
        bans: { ...lasting(before.bans, timeMs(command.received_at)), [user]: timeMs(until) },
      };
    }
    case "user.unban": {
      const { [command.payload.user]: _until, ...bans } = before.bans;
      return { ...before, bans };
    }
    default:
      return before;
  }
}

function without({ campaigns, sides }: Admission, id: string): Pick<Admission, "campaigns" | "sides"> {
  const { [id]: _opened, ...others } = campaigns;
  const { [id]: _side, ...otherSides } = sides;
  return { campaigns: others, sides: otherSides };
}
