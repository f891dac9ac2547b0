/** The realms on the public port, and those that were. */

import type { Channel } from "../feed/channel.ts";
import type { Answer } from "../http/engine.ts";
import { NO_SUCH_REALM, REALM_ENDED, REALM_NOT_READY } from "../http/response.ts";
import type { RealmView } from "./realm-view.ts";

/** A realm that is restored. */
export type ShownChannel = Channel & { view: RealmView };

export class Channels extends Map<string, Channel> {
  /** Ids of realms that have ended. */
  readonly ended = new Set<string>();

  /** The realm as it is shown, or the answer that says why it isn't. */
  shown(realm: string): ShownChannel | Answer {
    const channel = this.get(realm);
    if (channel === undefined) return this.ended.has(realm) ? REALM_ENDED : NO_SUCH_REALM;
    return isShown(channel) ? channel : REALM_NOT_READY;
  }
}

const isShown = (channel: Channel): channel is ShownChannel => channel.view !== undefined;
