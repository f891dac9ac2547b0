/** For tests: a WebSocket client that decides itself when it reads, which no client library lets one do. */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { decodeFrame } from "../../shared/clients/typescript/feed-client.ts";
import type { FeedFrame } from "../../shared/contracts/feed.ts";

export class RawClient {
  readonly socket: Socket;
  readonly frames: FeedFrame[] = [];
  /** The close code that the server gave. */
  closeCode: number | undefined;
  /** The status line, where the server didn't open a WebSocket. */
  status = "";
  #bytes = Buffer.alloc(0);
  #upgraded = false;
  #look: (() => void)[] = [];

  /** `headers`: further lines of the request. */
  constructor(port: number, path: string, headers: readonly string[] = []) {
    this.socket = connect({ port, host: "127.0.0.1" });
    const key = randomBytes(16).toString("base64");
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n`,
    );
    this.socket.on("data", (chunk) => this.#read(chunk));
    this.socket.on("error", () => {});
    this.socket.on("close", () => this.#changed());
  }

  /** Reads nothing more until `resume`: what the server sends fills the kernel's buffers, then its own. */
  pause(): void {
    this.socket.pause();
  }
  resume(): void {
    this.socket.resume();
  }
  close(): void {
    this.socket.destroy();
  }

  /** Resolves when `condition` holds; fails when the connection ends first, unless that is what it waits for. */
  async until(condition: (client: RawClient) => boolean): Promise<this> {
    while (!condition(this)) {
      if (this.socket.closed) throw new Error(`the connection ended, close code ${this.closeCode}`);
      await new Promise<void>((resolve) => this.#look.push(resolve));
    }
    return this;
  }

  async ended(): Promise<this> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once("close", resolve));
    return this;
  }

  /** Sends a text message; masked with zeros, as a client must mask. */
  say(text: string): void {
    const body = Buffer.from(text);
    const header =
      body.length < 126 ? [0x81, 0x80 | body.length] : [0x81, 0xfe, body.length >> 8, body.length & 0xff];
    this.socket.write(Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), body]));
  }

  #changed(): void {
    for (const look of this.#look.splice(0)) look();
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (!this.#upgraded) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.status = this.#bytes.toString("latin1", 0, this.#bytes.indexOf("\r\n"));
      this.#upgraded = this.status.startsWith("HTTP/1.1 101");
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    if (this.#upgraded) while (this.#frame()) this.#changed();
    this.#changed();
  }

  /** Takes one server frame, which is never masked nor split here. */
  #frame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const short = bytes[1]! & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < start) return false;
    const length =
      short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (bytes.length < start + length) return false;
    const body = bytes.subarray(start, start + length);
    const opcode = bytes[0]! & 0x0f;
    if (opcode === 2) this.frames.push(decodeFrame(Uint8Array.from(body)));
    if (opcode === 8) this.closeCode = length >= 2 ? body.readUInt16BE(0) : 1005;
    this.#bytes = bytes.subarray(start + length);
    return true;
  }
}
