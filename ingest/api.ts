/** The internal API: the pipeline over HTTP, for those that don't speak NATS. Each group of routes has a file in `api/`. */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { requireScopes } from "./api/access.ts";
import { ApiContext, type Process } from "./api/api-context.ts";
import { takeJsonAlone } from "./api/bodies.ts";
import { callerRoutes } from "./api/callers.ts";
import { candidateRoutes } from "./api/candidates.ts";
import { commandRoutes } from "./api/commands.ts";
import { describeRoutes } from "./api/document.ts";
import { pageRoutes } from "./api/page.ts";
import { answerProblems } from "./api/problems.ts";
import { realmRoutes } from "./api/realms.ts";
import { stateRoutes } from "./api/state.ts";
import { tokenRoutes } from "./api/tokens.ts";
import { commandStateRoutes } from "./commands/routes.ts";
import { decisionRoutes } from "./decisions/routes.ts";
import { explainRoutes } from "./explain/routes.ts";
import { playerRoutes } from "./players/routes.ts";
import { quarantineRoutes } from "./quarantine/routes.ts";
import { rulesetRoutes } from "./rulesets/routes.ts";
import { shadowRoutes } from "./rulesets/shadow-routes.ts";

/** Every group of routes behind the token; a further one is a further line. */
const GROUPS = [
  candidateRoutes,
  commandRoutes,
  commandStateRoutes,
  realmRoutes,
  stateRoutes,
  rulesetRoutes,
  shadowRoutes,
  quarantineRoutes,
  explainRoutes,
  decisionRoutes,
  playerRoutes,
  tokenRoutes,
  callerRoutes,
];

/** Adds the API to a server, before it listens. */
export function internalApi(server: FastifyInstance, process: Process): void {
  answerProblems(server, process.log);
  server.register(async (open) => {
    const described = open.withTypeProvider<ZodTypeProvider>();
    await describeRoutes(described);
    pageRoutes(described);
    const parts = new ApiContext(process);
    described.addHook("onClose", () =>
      Promise.all([parts.archive?.close(), parts.quarantines.close()]).then(() => {}),
    );
    described.register(async (api) => {
      takeJsonAlone(api);
      requireScopes(api, process.env, process.log);
      for (const addRoutes of GROUPS) addRoutes(api, parts);
    });
  });
}
