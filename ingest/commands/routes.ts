/** `GET /internal/world/{realm}/commands/{command_id}`: what became of a command. */
import { z } from "zod";
import { ContentId, Id } from "../../shared/contracts/ids.ts";
import type { Api, ApiContext } from "../api/api-context.ts";
import { Refused, refusals } from "../api/problems.ts";
import { stateOfCommand } from "./locate-command.ts";

const CommandPath = z.strictObject({ realm: Id, command_id: ContentId });
const CommandState = z.strictObject({
  status: z
    .enum(["waiting", "applied", "refused"])
    .describe("`waiting` until the normalizer has decided it, or the tick where the world decides"),
  reason: z.string().optional().describe("Of a refused one"),
  tick: z.int().min(1).optional().describe("The tick that decided it, where the world decides"),
});

export function commandStateRoutes(api: Api, parts: ApiContext): void {
  api.get("/internal/world/:realm/commands/:command_id", {
    config: { scope: ["read", "story"] },
    schema: {
      tags: ["commands"],
      summary: "What became of a command, from its 202 on",
      params: CommandPath,
      response: { 200: CommandState, ...refusals(400, 404) },
    },
    handler: async ({ params: { realm, command_id } }) => {
      parts.assertRealm(realm);
      const state = await stateOfCommand(parts.bus, parts.archive, realm, command_id);
      if (state === undefined) throw new Refused(404, `${realm} has no command ${command_id}`);
      return state;
    },
  });
}
