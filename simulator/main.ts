/**
 * Simulator: accepted events in, one world per realm out, a step per tick. It is a pure function of EVENTS.
 *
 * Reads `events.accepted|command|tick`. Writes the tick marker, then per tick `world.tick|delta|notices|snapshot` and its position,
 * and after that into KV `world`: the snapshot, every 256th also as a checkpoint, and the realm's forecast.
 * Between ticks it publishes `world.pulse` on core NATS, undurable.
 * Its steward reads `events.quarantined|command` too, and writes to `command.raw` what the world itself calls for.
 * Keeps, per realm, the world of the last tick and what came since; restores it from `world.snapshot`. What presses on each
 * territory, for the forecast, is read again from `world.tick` and EVENTS.
 */
import { runStage, serve } from "../shared/stage/service.ts";
import { simulatorStage } from "./stage.ts";

await serve("simulator", (service) =>
  runStage(simulatorStage, service, { port: service.env.SIMULATOR_PORT }),
);
