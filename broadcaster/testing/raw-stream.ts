/** For tests: reads server-sent events from a socket of its own, and only while it wants to. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createParser } from "eventsource-parser";
import type { FeedFrame } from "../../shared/contracts/feed.ts";

export class RawStream {
  readonly socket: Socket;
  /** Status line and headers. */
  head = "";
  /** The body so far, chunk sizes taken out. */
  text = "";
  readonly events: { id: string | undefined; frame: FeedFrame }[] = [];
  #bytes = "";
  readonly #parser = createParser({
    onEvent: ({ id, data }) => this.events.push({ id, frame: JSON.parse(data) as FeedFrame }),
    onError: (error) => {
      throw error;
    },
  });
  #look: (() => void)[] = [];

  constructor(port: number, path: string, headers: Record<string, string>) {
    this.socket = connect({ port, host: "127.0.0.1" });
    const lines = Object.entries({ Host: "localhost", ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    this.socket.setEncoding("utf8");
    this.socket.on("data", (chunk: string) => this.#take(chunk));
    this.socket.on("error", () => {});
    this.socket.on("close", () => this.#changed());
  }

  pause(): void {
    this.socket.pause();
  }
  resume(): void {
    this.socket.resume();
  }
  close(): void {
    this.socket.destroy();
  }

  async until(condition: (stream: RawStream) => boolean): Promise<this> {
    while (!condition(this)) {
      if (this.socket.closed) throw new Error(`the stream ended: ${this.head} ${this.text}`);
      await new Promise<void>((resolve) => this.#look.push(resolve));
    }
    return this;
  }

  /** Until the answer is over. */
  async ended(): Promise<this> {
    await this.until(({ head }) => head !== "");
    if (this.head.startsWith("HTTP/1.1 200")) await once(this.socket, "close");
    return this;
  }

  #changed(): void {
    for (const look of this.#look.splice(0)) look();
  }

  #take(chunk: string): void {
    this.#bytes += chunk;
    if (this.head === "") {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.head = this.#bytes.slice(0, end);
      this.#bytes = this.#bytes.slice(end + 4);
    }
    if (this.head.includes("chunked")) this.#dechunk();
    else {
      this.#add(this.#bytes);
      this.#bytes = "";
    }
    this.#changed();
  }

  #add(text: string): void {
    this.text += text;
    this.#parser.feed(text);
  }

  /** uWS ends a chunk's line only as the next one begins. Frames here are ASCII, so characters are bytes. */
  #dechunk(): void {
    for (;;) {
      const size = /^(?:\r\n)?([0-9a-f]+)\r\n/.exec(this.#bytes);
      if (size === null) return;
      const from = size[0].length;
      const through = from + Number.parseInt(size[1]!, 16);
      if (this.#bytes.length < through) return;
      this.#add(this.#bytes.slice(from, through));
      this.#bytes = this.#bytes.slice(through);
    }
  }
}
