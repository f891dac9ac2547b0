/** For tests: the engine that they are run on. `vitest.config.ts` runs those of the public port on each. */
import { readEnv } from "../../shared/process/env.ts";
import { chooseEngine } from "../http/choose-engine.ts";

const { AMOI_FEED_ENGINE } = process.env;
export const { name: ENGINE, make: makeEngine } = await chooseEngine(
  readEnv({ AMOI_FEED_ENGINE }).AMOI_FEED_ENGINE ?? "uws",
);
