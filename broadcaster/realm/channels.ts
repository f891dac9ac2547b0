/** The realms on the public port, and those that have ended. */

import type { Channel } from "../feed/channel.ts";
import type { Answer } from "../http/engine.ts";
import { NO_SUCH_REALM, REALM_ENDED, REALM_NOT_READY } from "../http/response.ts";
import type { RealmView } from "./realm-view.ts";

/** A restored realm. */
export type ShownChannel = Channel & { view: RealmView };

export class Channels extends Map<string, Channel> {
  /** Ids of realms that have ended. */
  readonly ended = new Set<string>();

  /** The restored realm, or the response that says why there is none. */
  shown(realm: string): ShownChannel | Answer {
    const channel = this.get(realm);
    if (channel === undefined) return this.ended.has(realm) ? REALM_ENDED : NO_SUCH_REALM;
    return isShown(channel) ? channel : REALM_NOT_READY;
  }
}

const isShown = (channel: Channel): channel is ShownChannel => channel.view !== undefined;
