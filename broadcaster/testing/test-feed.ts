/** For tests: the public port with one realm whose world is made by hand, and clients that close with it. */

import type { PassedItem } from "../../shared/contracts/feed.ts";
import { issueFeedToken } from "../../shared/feed/feed-token.ts";
import { readEnv } from "../../shared/process/env.ts";
import type { Channel } from "../feed/channel.ts";
import { FEED_LIMITS, type FeedLimits } from "../http/limits.ts";
import { PublicServer } from "../public.ts";
import { RealmView } from "../realm/realm-view.ts";
import { RawClient } from "./raw-client.ts";
import { ScriptedWorld } from "./scripted-world.ts";
import { makeEngine } from "./test-engine.ts";

export const REALM = "amoi-1";
const { FEED_TOKEN_SECRET: SECRET } = readEnv({});

export const tokenFor = (user: string, seconds = 60, realm = REALM): Promise<string> =>
  issueFeedToken(SECRET, realm, { user, expiresMs: Date.now() + seconds * 1_000 });

export class FeedServer {
  readonly server: PublicServer;
  readonly channel: Channel;
  readonly world: ScriptedWorld;
  port = 0;
  readonly #clients: RawClient[] = [];

  /** `world`: one that another server showed before. */
  constructor(limits: Partial<FeedLimits> = {}, world = new ScriptedWorld(REALM)) {
    this.world = world;
    this.server = new PublicServer(makeEngine, SECRET, { ...FEED_LIMITS, ...limits });
    this.channel = this.server.feed.open(REALM);
    this.channel.restored(new RealmView(this.world.snapshot, "e1"));
  }

  /** `port`: 0 takes a free one. */
  async listen(port = 0): Promise<this> {
    this.port = await this.server.listen("127.0.0.1", port);
    return this;
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.server.close();
  }

  /** `headers`: lines of the request. */
  connect(query: Record<string, string> = {}, headers: string[] = []): RawClient {
    const client = new RawClient(this.port, `/feed/${REALM}?${new URLSearchParams(query)}`, headers);
    this.#clients.push(client);
    return client;
  }

  /** A client that has got its first state. */
  joined(query: Record<string, string> = {}): Promise<RawClient> {
    return this.connect(query).until(({ frames }) => frames.length > 0);
  }

  /** A tick whose delta has about `bytes` bytes. */
  tick(bytes = 0): void {
    const text = `${this.world.snapshot.tick + 1}`.padEnd(bytes, ".");
    const { delta } = this.world.tick({ effects: { note: { source: text } } });
    this.channel.advanced(this.channel.view!.advance(delta));
  }

  /** What the last tick has to tell, in one part. */
  notify(notices: Record<string, PassedItem[]>, part = 1): void {
    const { tick } = this.channel.view!;
    const all = Object.entries(notices).map(([user, items]) => ({ user, items }));
    this.channel.noticed(this.channel.view!.tell({ realm: REALM, tick, part, parts: 9, notices: all }));
  }
}
