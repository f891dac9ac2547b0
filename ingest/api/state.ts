/** What a game master looks at before they act: which realms there are, and where a realm stands. */
import { z } from "zod";
import { readBucket } from "../../shared/bucket.ts";
import { lastOf } from "../../shared/bus.ts";
import { Id } from "../../shared/contracts/ids.ts";
import type { TickRecord, WorldSnapshot } from "../../shared/contracts/world.ts";
import { RealmEntry } from "../../shared/provision.ts";
import { subjects, worldStream } from "../../shared/subjects.ts";
import { type Api, type Parts, RealmPath } from "./parts.ts";
import { isStreamGone, Refused, refusals } from "./problems.ts";

const Listed = z.strictObject({ realm_id: Id, name: z.string(), created_at: z.string() });
const Standing = z.strictObject({
  realm_id: Id,
  tick: z.int().min(0),
  hash: z.string().describe("The public hash of the tick"),
  state: z.looseObject({}).describe("The public state after the tick"),
  events: z
    .array(z.looseObject({ tick: z.int(), n: z.int(), kind: z.string() }))
    .describe("What the last tick made happen, and which commands the world refused in it"),
});
const tags = ["realms"];

export function stateRoutes(api: Api, parts: Parts): void {
  const { bus } = parts;

  api.get("/internal/world/realms", {
    schema: {
      tags,
      summary: "Every realm, by id",
      response: { 200: z.strictObject({ realms: z.array(Listed) }), ...refusals(400) },
    },
    handler: async () => {
      const entries = await readBucket(bus, "realms", ">").catch((error: unknown) => {
        if (isStreamGone(error)) return []; // The bucket is made with the first realm.
        throw error;
      });
      return { realms: entries.map(({ value }) => RealmEntry.parse(JSON.parse(value))) };
    },
  });

  api.get("/internal/world/:realm/state", {
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
      return { realm_id: realm, tick, hash: public_hash, state: { ...state.public }, events };
    },
  });
}
