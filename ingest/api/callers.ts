/** What a program that has only this address and a token asks first: where the public port is, and what its token is for. */
import { z } from "zod";
import { SCOPES } from "../../shared/auth/scopes.ts";
import { Id } from "../../shared/contracts/ids.ts";
import type { Api, ApiContext } from "./api-context.ts";
import { refusals } from "./problems.ts";

const Described = z.strictObject({
  name: z.string().describe("Under which its commands go into the log"),
  scopes: z.array(z.enum(SCOPES)),
  realms: z.array(Id).optional().describe("The only ones that it may touch; absent: any"),
});

const Entrance = z.strictObject({
  public_url: z
    .string()
    .optional()
    .describe("Where the feed and the reads are; absent where `AMOI_PUBLIC_URL` is"),
});

export function callerRoutes(api: Api, { env }: ApiContext): void {
  api.get("/internal/world", {
    config: { scope: "any" },
    schema: {
      tags: ["tokens"],
      summary: "Where the public port is, so that one address is enough for a client",
      response: { 200: Entrance, ...refusals() },
    },
    handler: () => (env.AMOI_PUBLIC_URL === undefined ? {} : { public_url: env.AMOI_PUBLIC_URL }),
  });

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
