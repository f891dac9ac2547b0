/** Which engine serves the public port. */
import type { EngineMaker, EngineName } from "./engine.ts";
import { loadUws, NoBinary } from "./uws-binary.ts";
import { uwsEngine } from "./uws-engine.ts";
import { wsEngine } from "./ws-engine.ts";

export type Chosen = {
  name: EngineName;
  make: EngineMaker;
  /** Why the slower engine was chosen without being configured. */
  instead?: string;
};

/**
 * `wanted`: the engine that has to serve; absent: uWebSockets.js where its binary fits, else `ws`. Throws `WrongBinary`, and
 * `NoBinary` where the first is wanted.
 */
export async function chooseEngine(wanted?: EngineName, load = loadUws): Promise<Chosen> {
  if (wanted === "ws") return { name: "ws", make: wsEngine };
  try {
    return { name: "uws", make: uwsEngine(await load()) };
  } catch (error) {
    if (!(error instanceof NoBinary) || wanted === "uws") throw error;
    return { name: "ws", make: wsEngine, instead: error.message };
  }
}
