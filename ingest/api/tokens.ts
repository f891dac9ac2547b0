/** `POST /internal/world/{realm}/tokens`: what a player's client opens its feed with. */
import { z } from "zod";
import { AccountId } from "../../shared/contracts/ids.ts";
import { issueFeedToken } from "../../shared/feed/feed-token.ts";
import { type Api, type ApiContext, RealmPath } from "./api-context.ts";
import { refusals } from "./problems.ts";

export function tokenRoutes(api: Api, parts: ApiContext): void {
  const { FEED_TOKEN_SECRET: secret, AMOI_FEED_TOKEN_SECONDS: seconds } = parts.env;
  api.post("/internal/world/:realm/tokens", {
    config: { scope: "feed-token" },
    schema: {
      tags: ["feed"],
      summary: "A token that opens the feed of one player, for whom the caller vouches",
      params: RealmPath,
      body: z.strictObject({ user_id: AccountId }),
      response: {
        201: z
          .strictObject({ token: z.string(), expires_at: z.iso.datetime() })
          .describe(
            "For `?token=` of the feed; the socket closes at `expires_at` unless it is sent a later one",
          ),
        ...refusals(400, 404, 413, 415),
      },
    },
    handler: async ({ params: { realm }, body: { user_id } }, reply) => {
      parts.assertRealm(realm);
      const expiresMs = Math.floor(Date.now() / 1_000 + seconds) * 1_000;
      const token = await issueFeedToken(secret, realm, { user: user_id, expiresMs });
      return reply.code(201).send({ token, expires_at: new Date(expiresMs).toISOString() });
    },
  });
}
