/** The game master's page at `/gm`: its files need no token, since they hold nothing; what it asks the API for does. */
import { NOT_BUILT, PAGES, pageFiles } from "../../shared/process/page-files.ts";
import type { Api } from "./api-context.ts";
import { Refused } from "./problems.ts";

const OPEN = { config: { scope: "open" }, schema: { hide: true } } as const;

export function pageRoutes(api: Api): void {
  const { base } = PAGES.gm;
  const files = pageFiles("gm");
  for (const { path, headers, body } of files)
    api.get(path, OPEN, (_request, reply) => reply.headers(headers).send(body));
  if (files.length === 0)
    api.get(base, OPEN, () => {
      throw new Refused(503, NOT_BUILT);
    });
  api.get(base.slice(0, -1), OPEN, (_request, reply) => reply.redirect(base, 308));
}
