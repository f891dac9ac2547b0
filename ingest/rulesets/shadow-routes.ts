/** Shadow rules: set them beside a realm's own, read what they would have changed, clear them. */
import { randomUUID } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Command, MAX_COMMAND_BYTES } from "../../shared/contracts/command.ts";
import { Id } from "../../shared/contracts/ids.ts";
import { Ruleset } from "../../shared/contracts/ruleset.ts";
import { ShadowEntry, ShadowReport } from "../../shared/contracts/shadow.ts";
import { lastOf } from "../../shared/stream/last-message.ts";
import { kvSubject } from "../../shared/stream/topology.ts";
import { AcceptedCommand, acceptCommand } from "../api/accepted-command.ts";
import { gameMaster } from "../api/actor.ts";
import { type Api, type ApiContext, RealmPath } from "../api/api-context.ts";
import { headerKey, KeyHeader } from "../api/idempotency.ts";
import { Refused, refusals } from "../api/problems.ts";
import { assertHoldsTogether } from "./routes.ts";

export const ShadowAnswer = z
  .strictObject({ realm: Id, ...ShadowReport.shape })
  .describe("As of `through`: the normalizer writes it some seconds after the decisions that it counts");

type Asked<Kind> = Pick<Extract<Command, { kind: Kind }>, "realm_id" | "kind" | "payload">;

const PATH = "/internal/world/:realm/shadow";
const tags = ["rulesets"];

export function shadowRoutes(api: Api, parts: ApiContext): void {
  api.get(PATH, {
    config: { scope: "read" },
    schema: {
      tags,
      summary: "What the shadow rules decided beside the realm's own, over the same candidates",
      params: RealmPath,
      response: { 200: ShadowAnswer, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm } }) => {
      parts.assertRealm(realm);
      const found = await lastOf(parts.bus, "KV_caps", kvSubject("caps", `${realm}.r.shadow`));
      const entry = found && ShadowEntry.parse(JSON.parse(found.text()));
      if (entry === undefined || !("since" in entry))
        throw new Refused(404, "no shadow rules run beside the realm's own, or they have judged nothing yet");
      return { realm, ...entry };
    },
  });

  api.put(PATH, {
    config: { scope: "operate" },
    bodyLimit: MAX_COMMAND_BYTES,
    schema: {
      tags,
      summary: "Sets shadow rules: they judge beside the realm's own and are never applied",
      params: RealmPath,
      headers: KeyHeader,
      body: Ruleset,
      response: { 202: AcceptedCommand, ...refusals(400, 404, 413, 415, 422, 429) },
    },
    handler: async (request, reply) => {
      assertHoldsTogether(request.body);
      const { realm } = request.params;
      const payload = { ruleset: request.body };
      return acceptCommand(
        reply,
        realm,
        await submit(request, { realm_id: realm, kind: "shadow.set", payload }),
      );
    },
  });

  api.delete(PATH, {
    config: { scope: "operate" },
    schema: {
      tags,
      summary: "Clears the shadow rules, and what they counted",
      params: RealmPath,
      headers: KeyHeader,
      response: { 202: AcceptedCommand, ...refusals(400, 404, 422, 429) },
    },
    handler: async (request, reply) => {
      const { realm } = request.params;
      const cleared = await submit(request, { realm_id: realm, kind: "shadow.clear", payload: {} });
      return acceptCommand(reply, realm, cleared);
    },
  });

  /** Without a key each request is a command of its own. */
  function submit(request: FastifyRequest, what: Asked<"shadow.set"> | Asked<"shadow.clear">) {
    const idempotency_key = headerKey(request) ?? randomUUID();
    return parts.submitCommand({ v: 1, idempotency_key, actor: gameMaster(request.caller), ...what });
  }
}
