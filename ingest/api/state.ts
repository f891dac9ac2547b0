/** Reads of the game master's page: the realms, and a realm's present state. */
import { z } from "zod";
import { Id } from "../../shared/contracts/ids.ts";
import { Title } from "../../shared/contracts/text.ts";
import type { TickRecord, WorldSnapshot } from "../../shared/contracts/world.ts";
import { realmsIn } from "../../shared/provision/realm-entries.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { subjects, worldStream } from "../../shared/stream/subjects.ts";
import { namesOf } from "../../shared/world/names.ts";
import { type Api, type ApiContext, RealmPath } from "./api-context.ts";
import { Refused, refusals } from "./problems.ts";

const Listed = z.strictObject({
  realm_id: Id,
  name: z.string(),
  created_at: z.string(),
  state: z.literal("ending").exactOptional().describe("It takes nothing any more, and is being archived"),
});
const Standing = z.strictObject({
  realm_id: Id,
  tick: z.int().min(0),
  hash: z.string().describe("The public hash of the tick"),
  state: z.looseObject({}).describe("The public state after the tick"),
  names: z
    .record(z.string(), z.record(Id, Title))
    .describe("What players call things, by kind and id, as the ruleset of the tick has it"),
  events: z
    .array(z.looseObject({ tick: z.int(), n: z.int(), kind: z.string() }))
    .describe("What the last tick made happen, and which commands the world refused in it"),
});
const tags = ["realms"];

export function stateRoutes(api: Api, parts: ApiContext): void {
  const { bus, log } = parts;

  api.get("/internal/world/realms", {
    config: { scope: "read" },
    schema: {
      tags,
      summary: "Every realm that has not ended, by id; of a token with realms, those",
      response: { 200: z.strictObject({ realms: z.array(Listed) }), ...refusals(400) },
    },
    handler: async ({ caller: { realms: own } }) => {
      const realms = await realmsIn(bus, log);
      return {
        realms: realms.flatMap(({ realm_id, name, created_at, state }) => {
          if (state === "ended" || (own !== undefined && !own.has(realm_id))) return [];
          return [{ realm_id, name, created_at, ...(state !== undefined && { state }) }];
        }),
      };
    },
  });

  api.get("/internal/world/:realm/state", {
    config: { scope: "read" },
    schema: {
      tags,
      summary: "The public state of a realm after its last tick, from the log itself",
      params: RealmPath,
      response: { 200: Standing, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm } }) => {
      parts.assertRealm(realm);
      const last = (subject: string) => lastOf(bus, worldStream(realm), subject);
      const [found, told] = await Promise.all([last(subjects.snapshot(realm)), last(subjects.tick(realm))]);
      if (found === undefined) throw new Refused(404, `realm ${realm} has no world yet`);
      const { tick, public_hash, state } = JSON.parse(found.text()) as WorldSnapshot;
      // A tick may come between the two looks; its events have their own tick.
      const events = told === undefined ? [] : (JSON.parse(told.text()) as TickRecord).events;
      const names = namesOf(state.private.ruleset, state.public.campaigns);
      return { realm_id: realm, tick, hash: public_hash, state: { ...state.public }, names, events };
    },
  });
}
