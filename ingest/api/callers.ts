/** `GET /internal/world/token`: what the caller's own token is for. */
import { z } from "zod";
import { SCOPES } from "../../shared/auth/scopes.ts";
import { Id } from "../../shared/contracts/ids.ts";
import type { Api } from "./api-context.ts";
import { refusals } from "./problems.ts";

const Described = z.strictObject({
  name: z.string().describe("Under which its commands go into the log"),
  scopes: z.array(z.enum(SCOPES)),
  realms: z.array(Id).optional().describe("The only ones that it may touch; absent: any"),
});

export function callerRoutes(api: Api): void {
  api.get("/internal/world/token", {
    config: { scope: "any" },
    schema: {
      tags: ["tokens"],
      summary: "What this token is for",
      response: { 200: Described, ...refusals() },
    },
    handler: ({ caller: { name, scopes, realms } }) => ({
      name,
      scopes: SCOPES.filter((scope) => scopes.has(scope)),
      ...(realms === undefined ? {} : { realms: [...realms].sort() }),
    }),
  });
}
