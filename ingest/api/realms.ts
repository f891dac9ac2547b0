/** `POST /internal/world/realms`: a new realm. */
import { z } from "zod";
import { askForRealm, ProvisionRefused } from "../../shared/ask-provision.ts";
import { MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { RealmName } from "../../shared/contracts/provisioning.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { loadRuleset } from "../../shared/rulesets.ts";
import type { Api, Parts } from "./parts.ts";
import { Refused, refusals } from "./problems.ts";
import { assertHoldsTogether } from "./rulesets.ts";

export function realmRoutes(api: Api, { bus, made }: Parts): void {
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
          throw error instanceof ProvisionRefused ? refusedBy(error) : error;
        },
      );
      if (!created) throw new Refused(409, `realm ${realm_id} exists`);
      made.add(realm_id);
      return reply.code(201).send({ realm_id, name });
    },
  });
}

/** What the provision service said, as this API says it. */
function refusedBy({ status, message }: ProvisionRefused): Refused {
  const detail = `the realm could not be made: ${message}`;
  return new Refused(status === 400 || status === 409 || status === 507 ? status : 503, detail);
}
