/**
 * Normalizer: valid candidates in, decisions out. Its state is a fold of its own output; KV only caches it.
 *
 * Reads `impact.valid`, `command.valid`. Writes `events.accepted|quarantined|rejected|command` and its position.
 * Keeps, per realm, each player's days, keys and membership, cached in the KV bucket `caps`.
 */
import { runStage, serve } from "../shared/stage/service.ts";
import { normalizerStage } from "./stage.ts";

await serve("normalizer", (service) =>
  runStage(normalizerStage, service, { port: service.env.NORMALIZER_PORT }),
);
