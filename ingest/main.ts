/**
 * Ingest: everything that reaches a realm, checked at the gate; and the internal API, for those that don't speak NATS.
 *
 * Reads `impact.raw`, `command.raw`, `command.player`. Writes `impact.valid`, `command.valid`, `impact.rejected` and its position.
 * Keeps nothing but the time of the last message. Every worker serves the API; one runs each realm.
 */
import { runStage, serve } from "../shared/stage/service.ts";
import { internalApi } from "./api.ts";
import { ingestStage } from "./gate/stage.ts";

await serve("ingest", (service) =>
  runStage(ingestStage, service, {
    port: service.env.INGEST_PORT,
    routes: (server, realms) => internalApi(server, { ...service, realms }),
  }),
);
