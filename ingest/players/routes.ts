/** `GET /internal/world/{realm}/players/{user_id}`: where a player stands, for their story engine and for support. */
import { z } from "zod";
import { SOURCES } from "../../shared/contracts/candidate.ts";
import { AccountId, ContentId, Id } from "../../shared/contracts/ids.ts";
import type { WorldSnapshot } from "../../shared/contracts/world.ts";
import { entries, find } from "../../shared/exact/by-id.ts";
import { leftToday } from "../../shared/judgement/caps.ts";
import { dayName, dayOf } from "../../shared/judgement/day.ts";
import { usedOn } from "../../shared/judgement/day-counters.ts";
import { meanPoints, recentPoints, rollingBp, weekBefore } from "../../shared/judgement/fairness.ts";
import { factionOf, movesFromMs } from "../../shared/judgement/membership.ts";
import { hasStanding } from "../../shared/judgement/standing.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import type { Api, ApiContext } from "../api/api-context.ts";
import { Refused, refusals } from "../api/problems.ts";
import { countersOf } from "./counters.ts";

const PlayerPath = z.strictObject({ realm: Id, user_id: AccountId });
const Points = z.int().min(0).describe("Milli-points");
const Player = z.strictObject({
  realm_id: Id,
  user_id: AccountId,
  faction: Id.optional().describe("The faction that they belong to; absent where there is none"),
  since: z.string().optional().describe("When they joined it"),
  moves_from: z.string().optional().describe("When they may join another; absent where they may at once"),
  day: z.string().describe("The realm's day, whose caps hold now"),
  points: z.strictObject({ today: Points, week: Points }),
  left: z
    .strictObject({
      user_day: Points,
      sources: z.strictObject(Object.fromEntries(SOURCES.map((s) => [s, Points]))),
    })
    .describe("What the caps still let through today, on a device of their own"),
  standing: z.boolean().describe("Whether they may vote, and find a place in a full quarantine"),
  ballot: z
    .strictObject({ council: ContentId, closes_tick: z.int(), voted: z.boolean() })
    .optional()
    .describe("The open vote of their faction's council"),
  banned_until: z.string().optional(),
  as_of: z
    .strictObject({ sequence: z.int(), at: z.string() })
    .describe("The accepted events up to here are counted; a command counts within seconds"),
});

export function playerRoutes(api: Api, parts: ApiContext): void {
  api.get("/internal/world/:realm/players/:user_id", {
    config: { scope: ["story", "review"] },
    schema: {
      tags: ["players"],
      summary:
        "Where a player stands: faction, points of today and of the week, what each cap leaves, an open vote, a ban",
      description: "A user whom the realm has never seen has no faction and no points.",
      params: PlayerPath,
      response: { 200: Player, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm, user_id } }) => {
      parts.assertRealm(realm);
      return playerOf(parts, realm, user_id, Date.now());
    },
  });
}

async function playerOf(
  { bus, quarantines }: ApiContext,
  realm: string,
  user_id: string,
  nowMs: number,
): Promise<z.infer<typeof Player>> {
  const { admission, ruleset } = await quarantines.upToDate(realm);
  if (ruleset === undefined) throw new Refused(404, `realm ${realm} has no ruleset yet`);
  const rules = { ...admission, ruleset };
  const today = dayOf(nowMs, ruleset.day_offset_minutes);
  const { user, member, week, asOf } = await countersOf(bus, realm, { user_id }, today);
  const day = Math.max(today, week.day);
  const recent = recentPoints(user.days, day);
  const { fairness, standing } = ruleset.judgement;
  const rolling = rollingBp({ recent, mean: meanPoints(weekBefore(week, day), fairness) }, fairness);
  const left = (source: (typeof SOURCES)[number]) =>
    leftToday(
      { ...usedOn(user.today, day, source), device: 0, rolling },
      { source, device_id: "their own" },
      ruleset,
    );
  const faction = factionOf(member, rules);
  const movesMs = movesFromMs(member, rules);
  const untilMs = find(admission.bans, user_id) ?? 0;
  const ballot =
    faction === undefined ? undefined : await ballotOf({ bus, realm, faction, voted: member?.voted });
  return {
    realm_id: realm,
    user_id,
    ...(faction === undefined ? {} : { faction, since: new Date(member!.sinceMs).toISOString() }),
    ...(movesMs > nowMs ? { moves_from: new Date(movesMs).toISOString() } : {}),
    day: dayName(day),
    points: { today: usedOn(user.today, day, SOURCES[0]).user, week: recent },
    left: {
      user_day: left(SOURCES[0]).user_day,
      sources: Object.fromEntries(SOURCES.map((source) => [source, left(source).source])),
    },
    standing: hasStanding({ recent, sinceMs: member?.sinceMs }, nowMs, standing),
    ...(ballot === undefined ? {} : { ballot }),
    ...(untilMs > nowMs ? { banned_until: new Date(untilMs).toISOString() } : {}),
    as_of: asOf,
  };
}

async function ballotOf({
  bus,
  realm,
  faction,
  voted,
}: { realm: string; faction: string; voted: string | undefined } & Pick<ApiContext, "bus">) {
  const snapshot = await lastOf(bus, worldStream(realm), subjects.snapshot(realm));
  if (snapshot === undefined) return undefined;
  const { councils } = (JSON.parse(snapshot.text()) as WorldSnapshot).state.public;
  const open = entries(councils ?? {}).find(([id]) => id === faction)?.[1].open;
  return open && { council: open.id, closes_tick: open.closes_tick, voted: voted === open.id };
}
