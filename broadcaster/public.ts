/** The public port: feed, read API and page, on either engine. GET and HEAD only; every write has another port. */

import type { HostCheck } from "../shared/auth/hosts.ts";
import type { TokenSecrets } from "../shared/feed/feed-token.ts";
import { RateLimit } from "../shared/process/rate-limit.ts";
import type { Socket } from "./feed/channel.ts";
import { Feed } from "./feed/feed.ts";
import { Openings } from "./feed/openings.ts";
import { Streams } from "./feed/sse.ts";
import { serveDocuments } from "./http/documents.ts";
import type { Engine, EngineMaker } from "./http/engine.ts";
import { FEED_LIMITS, type FeedLimits, READ_LIMITS, type ReadLimits } from "./http/limits.ts";
import { servePage } from "./http/page.ts";
import { Routes } from "./http/routes.ts";
import { serveReads } from "./reads/serve.ts";

export class PublicServer {
  readonly feed: Feed;
  /** Every path that it serves. */
  readonly paths: readonly string[];
  readonly #streams: Streams;
  readonly #engine: Engine;

  /** `tokenSecret`: what players' tokens are signed with; during a change, both. `isAskedFor`: under which names it answers. */
  constructor(
    makeEngine: EngineMaker,
    tokenSecret: TokenSecrets,
    limits: FeedLimits = FEED_LIMITS,
    reads: ReadLimits = READ_LIMITS,
    isAskedFor: HostCheck = () => true,
  ) {
    const routes = new Routes<Socket>(new RateLimit("reads", reads.perMinute), limits.proxies, isAskedFor);
    const openings = new Openings(limits.openingsPerMinute);
    this.paths = routes.paths;
    this.feed = new Feed(routes, () => this.#engine, openings, limits, tokenSecret);
    const { channels, connections } = this.feed;
    serveReads(routes, channels);
    this.#streams = new Streams(routes, channels, connections, openings, reads.streams);
    this.feed.onFrame = (channel, frame) => this.#streams.advanced(channel, frame);
    this.feed.onEnded = (channel) => this.#streams.ended(channel);
    serveDocuments(routes);
    servePage(routes);
    this.#engine = makeEngine({
      request: (exchange) => routes.serve(exchange),
      sockets: this.feed.events,
      idleSeconds: limits.idleSeconds,
      answerMs: reads.answerMs,
    });
  }

  /** Listens and answers the port. Other broadcasters may share it: the system spreads connections over them. Throws `PortTaken`. */
  listen(host: string, port: number): Promise<number> {
    return this.#engine.listen(host, port);
  }

  /** Cuts every connection; clients come back with `since`, to another broadcaster or the next one. */
  close(): void {
    this.feed.close();
    this.#streams.close();
    this.#engine.close();
  }
}
