/** `POST /internal/world/realms`: a new realm. `DELETE /internal/world/realms/{realm}`: its end. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { type Ending, RealmName } from "../../shared/contracts/provisioning.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { askForEnd, askForRealm, ProvisionRefused } from "../../shared/provision/ask-provision.ts";
import { loadRuleset } from "../../shared/rulesets/rulesets.ts";
import { assertHoldsTogether } from "../rulesets/routes.ts";
import { type Api, type ApiContext, RealmPath } from "./api-context.ts";
import { Refused, refusals } from "./problems.ts";

/** Waiting for a realm's end within a request ends after this long, ms; and how long until it is looked at again. */
const END_PATIENCE_MS = 20_000;
const END_LOOK_MS = 250;

export function realmRoutes(api: Api, { bus, made }: ApiContext): void {
  api.post("/internal/world/realms", {
    config: { scope: "operate" },
    bodyLimit: MAX_COMMAND_BYTES,
    schema: {
      tags: ["realms"],
      summary: "Makes a realm: its streams, its first ruleset and its world of tick 0",
      body: z.strictObject({ realm_id: Id, name: RealmName, ruleset: Ruleset.optional() }),
      response: {
        201: z.strictObject({ realm_id: Id, name: RealmName }).describe("The realm takes candidates"),
        ...refusals(400, 409, 413, 415),
      },
    },
    handler: async ({ body: { realm_id, name, ruleset } }, reply) => {
      const rules = ruleset ?? (await loadRuleset("amoi-1"));
      assertHoldsTogether(rules, "ruleset");
      const { created } = await askForRealm(bus, { realm: realm_id, name, ruleset: rules }).catch(
        (error: unknown) => {
          throw error instanceof ProvisionRefused ? refusedBy(error, "the realm could not be made") : error;
        },
      );
      if (!created) throw new Refused(409, `realm ${realm_id} exists`);
      made.add(realm_id);
      return reply.code(201).send({ realm_id, name });
    },
  });

  api.delete("/internal/world/realms/:realm", {
    config: { scope: "operate" },
    schema: {
      tags: ["realms"],
      summary: "Ends a realm for good: archives it, then removes its streams and keys",
      description:
        "It takes nothing any more from the first request on. What it took is judged, ticked and archived; then its streams and keys go. Its rows in Postgres stay, what is asked of it is 410, and its id is never used again. The same request again goes on where the one before ended",
      params: RealmPath,
      querystring: z.strictObject({
        confirm: z.string().max(64).describe("The realm's name, so that nobody ends another by a slip"),
      }),
      response: {
        200: z
          .strictObject({ state: z.literal("ended") })
          .describe("It is archived, and its streams are gone"),
        202: z
          .strictObject({ state: z.literal("ending"), waits_for: z.string() })
          .describe("What it took is still on its way into the archive: ask again"),
        ...refusals(400, 404, 409),
      },
    },
    handler: async ({ params: { realm }, query: { confirm } }, reply) => {
      const ending = await endWithin(END_PATIENCE_MS, { realm, name: confirm });
      return reply.code(ending.state === "ended" ? 200 : 202).send(ending);
    },
  });

  /** Asks until the realm has ended, or for so long. */
  async function endWithin(patienceMs: number, request: { realm: string; name: string }): Promise<Ending> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const ending = await askForEnd(bus, request).catch((error: unknown) => {
        throw error instanceof ProvisionRefused ? refusedBy(error, "the realm could not be ended") : error;
      });
      if (ending.state === "ended" || performance.now() > deadline) return ending;
      await delay(END_LOOK_MS);
    }
  }
}

const PASSED_ON = [400, 404, 409, 507] as const;

/** The provision service's refusal as this API's problem. */
function refusedBy({ status, message }: ProvisionRefused, failed: string): Refused {
  return new Refused(PASSED_ON.find((known) => known === status) ?? 503, `${failed}: ${message}`);
}
