/** In whose name a command goes into the log. The server writes it: what the body claims may only be what the token says anyway. */

import type { Caller } from "../../shared/auth/scopes.ts";
import { type Actor, type Command, isPlayersKind } from "../../shared/contracts/command.ts";
import { assertScope } from "./access.ts";
import { Refused, wrongField } from "./problems.ts";

/** The game master: the token's name, or with local mode's token the claimed one. Throws a 403 where `claimed` is another one. */
export function gameMaster(caller: Caller, claimed?: string): Actor {
  if (claimed !== undefined && claimed !== caller.name && !caller.anyActor)
    throw new Refused(403, `the actor of this token is ${caller.name}: the server writes it, a body can't`);
  return { type: "gm", id: claimed ?? caller.name };
}

/**
 * Who says a command of a kind. `claimed`: the body's actor. A player is who the publisher says, for what players may say; a game
 * master is the token; the system is the steward alone. Throws 403, and 400 where a player isn't named.
 */
export function actorOf(caller: Caller, kind: Command["kind"], claimed: Actor | undefined): Actor {
  if (caller.anyActor) return claimed ?? gameMaster(caller);
  if (claimed?.type === "system")
    throw new Refused(403, "only the steward sends commands of the system: no token may");
  const isPlayers = isPlayersKind(kind) && claimed?.type !== "gm";
  if (claimed?.type === "player" || (isPlayers && !caller.scopes.has("operate"))) {
    if (!isPlayersKind(kind))
      throw new Refused(403, `${kind} is not a player's command: it needs the scope operate`);
    assertScope(caller, "publish");
    if (claimed === undefined) throw wrongField("actor", "is required: the player, {type, id}");
    return claimed;
  }
  assertScope(caller, "operate");
  return gameMaster(caller, claimed?.id);
}
