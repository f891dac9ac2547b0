/** The API's own description: `/openapi.json` and `/docs`, made from the schemas that the routes validate with. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
} from "fastify-type-provider-zod";
import type { z } from "zod";
import { SCOPE_TEXT } from "../../shared/auth/scopes.ts";
import type { Api } from "./api-context.ts";
import { schemaRefused } from "./problems.ts";

const DESCRIPTION = `Candidates, commands, ticks, realms and rulesets, for those that don't speak NATS.

What is acknowledged is on disk. Errors are problem details (RFC 9457); those of one answer have 64 KiB at most.

The same idempotency key with the same body again is answered as the first time, with \`duplicate: true\`; with another
body it is 422. Both hold for at least two minutes, whatever is restarted meanwhile; later the decision says \`duplicate\` or
\`key_conflict\`.

Of a key that stands twice in one JSON object the last value counts. A key \`__proto__\` is refused.`;

const SCOPES_TOLD = `A token of the tokens file, or a JWT of the identity provider. Each has scopes, and may be for some realms alone:

${Object.entries(SCOPE_TEXT)
  .map(([scope, text]) => `- \`${scope}\`: ${text}`)
  .join("\n")}`;

const OPEN = { config: { scope: "open" } } as const;

/** Routes registered on `api` after this are validated by their zod schemas and described by them. */
export async function describeRoutes(api: Api): Promise<void> {
  api.setValidatorCompiler<z.ZodType>(({ schema }) => (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: schemaRefused(parsed.error) };
  });
  api.setSerializerCompiler(serializerCompiler);
  await api.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Amoisekai world: internal API", version: "1", description: DESCRIPTION },
      components: {
        securitySchemes: { token: { type: "http", scheme: "bearer", description: SCOPES_TOLD } },
      },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await api.register(async (docs) => {
    docs.addHook("onRoute", (route) => {
      route.config = { ...route.config, ...OPEN.config };
    });
    await docs.register(swaggerUi, { routePrefix: "/docs" });
  });
  api.get("/openapi.json", { ...OPEN, schema: { hide: true } }, () => api.swagger());
}
