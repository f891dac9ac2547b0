/** The public port: feed, read API and page on uWebSockets.js. GET only, since its parser isn't one to trust with bodies. */
import {
  App,
  type HttpRequest,
  type HttpResponse,
  type TemplatedApp,
  type us_listen_socket,
  us_listen_socket_close,
  us_socket_local_port,
} from "uWebSockets.js";
import type { TokenSecrets } from "../shared/feed-token.ts";
import type { HostCheck } from "../shared/hosts.ts";
import { addressOf } from "./address.ts";
import { serveDocuments } from "./documents.ts";
import { Feed } from "./feed.ts";
import { FEED_LIMITS, type FeedLimits, READ_LIMITS, type ReadLimits } from "./limits.ts";
import { servePage } from "./page.ts";
import { serveReads } from "./read.ts";
import { ReadLimit } from "./read-limit.ts";
import { Routes } from "./routes.ts";
import { Streams } from "./sse.ts";

/** The port is taken by a program that doesn't share it, or isn't ours to take. */
export class PortTaken extends Error {}

export class PublicServer {
  readonly feed: Feed;
  /** Every path that it serves. */
  readonly paths: readonly string[];
  readonly #streams: Streams;
  readonly #app: TemplatedApp;
  #socket: us_listen_socket | undefined;

  /** `tokenSecret`: what players' tokens are signed with; during a change, both. `isAskedFor`: under which names it answers. */
  constructor(
    tokenSecret: TokenSecrets,
    limits: FeedLimits = FEED_LIMITS,
    reads: ReadLimits = READ_LIMITS,
    isAskedFor: HostCheck = () => true,
  ) {
    this.#app = App();
    const routes = new Routes(this.#app, isAskedFor);
    this.paths = routes.paths;
    this.feed = new Feed(routes, limits, tokenSecret);
    const { channels } = this.feed;
    const whose = (res: HttpResponse, req: HttpRequest) => addressOf(res, req, limits.addressHeader);
    const reading = { channels, limit: new ReadLimit(reads.perMinute), addressOf: whose };
    serveReads(routes, reading);
    this.#streams = new Streams(routes, reading, this.feed.connections, reads.streams);
    this.feed.onFrame = (channel, frame) => this.#streams.advanced(channel, frame);
    serveDocuments(routes);
    servePage(routes);
    routes.nothingElse();
  }

  /** Listens and answers the port. Other broadcasters may share it: the system spreads connections over them. Throws `PortTaken`. */
  async listen(host: string, port: number): Promise<number> {
    this.#socket = await new Promise<us_listen_socket>((resolve, reject) =>
      this.#app.listen(host, port, (socket) => {
        if (socket) resolve(socket);
        else
          reject(
            new PortTaken(
              `can't listen on port ${port} of ${host}: another program has it; end that one or set FEED_PORT`,
            ),
          );
      }),
    );
    return us_socket_local_port(this.#socket);
  }

  /** Cuts every connection; clients come back with `since`, to another broadcaster or the next one. */
  close(): void {
    if (this.#socket !== undefined) us_listen_socket_close(this.#socket);
    this.#socket = undefined;
    this.feed.close();
    this.#streams.close();
    this.#app.close();
  }
}
