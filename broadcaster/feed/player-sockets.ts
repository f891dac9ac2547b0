/** The live sockets of a realm's players, by user: notices go to these sockets only. */
import type { FeedPlayer } from "../../shared/feed/feed-token.ts";

type PlayerSocket = { getUserData(): { player: FeedPlayer | undefined } };

export class PlayerSockets<Client extends PlayerSocket> {
  readonly #clients = new Map<string, Set<Client>>();

  /** Sockets without a player are ignored. */
  add(client: Client): void {
    const { player } = client.getUserData();
    if (player === undefined) return;
    const own = this.#clients.get(player.user);
    if (own === undefined) this.#clients.set(player.user, new Set([client]));
    else own.add(client);
  }

  remove(client: Client): void {
    const { player } = client.getUserData();
    const own = player && this.#clients.get(player.user);
    if (player === undefined || own === undefined) return;
    own.delete(client);
    if (own.size === 0) this.#clients.delete(player.user);
  }

  /** The live sockets of these players. */
  *of(users: Iterable<string>): Iterable<Client> {
    for (const user of users) yield* [...(this.#clients.get(user) ?? [])];
  }
}
