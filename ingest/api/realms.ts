/** `POST /internal/world/realms`: a new realm. */
import { z } from "zod";
import { MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { Text } from "../../shared/contracts/text.ts";
import { provisionRealm } from "../../shared/provision.ts";
import { loadRuleset } from "../../shared/rulesets.ts";
import type { Api, Parts } from "./parts.ts";
import { Refused, refusals } from "./problems.ts";
import { assertHoldsTogether } from "./rulesets.ts";

const RealmName = Text(64).min(1);

export function realmRoutes(api: Api, { bus, env, made }: Parts): void {
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
      const { created } = await provisionRealm(bus, {
        realm: realm_id,
        name,
        ruleset: rules,
        replicas: env.AMOI_REPLICAS,
        rawMaxBytes: env.AMOI_RAW_MAX_BYTES,
      });
      if (!created) throw new Refused(409, `realm ${realm_id} exists`);
      made.add(realm_id);
      return reply.code(201).send({ realm_id, name });
    },
  });
}
