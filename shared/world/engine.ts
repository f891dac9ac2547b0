/** Rules have a version, and so has the code that runs them: a node that lacks an engine must not guess what it would do. */
import { ENGINE } from "../contracts/ruleset.ts";
import { RealmRefused } from "../stage/refusal.ts";

/** Throws `RealmRefused` where a ruleset is for a later engine than this code has. An earlier one's is taken over. */
export function assertEngine(realm: string, { engine }: { engine: number }): void {
  if (engine > ENGINE)
    throw new RealmRefused(
      `${realm} is ruled by engine ${engine}, but this node has engine ${ENGINE}: bring this node to the release that has it; until then the realm waits and loses nothing`,
      { reason: "engine" },
    );
}
