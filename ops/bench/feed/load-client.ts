/** One raw socket of the load: a WebSocket handshake, then frames that are counted. */
import { connect, type Socket } from "node:net";
import { FrameMeter } from "./frame-meter.ts";
import { sharedMs } from "./shared-clock.ts";

const DELTA = "d".charCodeAt(0);
/** `40`, masked with zeros: a Socket.IO client joins the main namespace. */
const JOIN = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]);

/** One buffer for all sockets: what is read is looked at once and at once. */
const buffer = Buffer.alloc(256 * 1024);

export class LoadClient {
  frames = 0;
  deltas = 0;
  /** Frames of the feed that are neither a delta nor a pulse nor the first snapshot. */
  others = 0;
  /** When each delta came, since it is set. */
  arrivals: number[] | undefined;
  closed = false;
  deaf = false;
  /** Resolves when the socket is open; rejects when it is refused. */
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #meter = new FrameMeter((letter) => this.#found(letter));
  #open = false;
  #opened: () => void = () => {};

  constructor({ port, path, socketIo = false }: { port: number; path: string; socketIo?: boolean }) {
    let refuse: (error: Error) => void = () => {};
    this.ready = new Promise((resolve, reject) => {
      this.#opened = resolve;
      refuse = reject;
    });
    const onread = { buffer, callback: (bytes: number) => this.#read(bytes, socketIo) };
    this.#socket = connect({ port, host: "127.0.0.1", onread });
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    this.#socket.on("error", refuse);
    this.#socket.on("close", () => {
      this.closed = true;
      refuse(new Error("the connection ended"));
    });
  }

  /** What comes from now on stays in the kernel. */
  stopReading(): void {
    this.deaf = true;
    this.#socket.pause();
  }
  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: number, socketIo: boolean): boolean {
    let from = 0;
    if (!this.#open) {
      // The answer's head comes in one piece.
      from = buffer.subarray(0, bytes).indexOf("\r\n\r\n") + 4;
      if (!buffer.toString("latin1", 0, 12).startsWith("HTTP/1.1 101")) {
        this.#socket.destroy();
        return false;
      }
      this.#open = true;
      if (socketIo) this.#socket.write(JOIN);
      this.#opened();
    }
    this.#meter.take(buffer, from, bytes);
    return !this.deaf;
  }

  #found(letter: number): void {
    this.frames++;
    if (letter === DELTA) {
      this.deltas++;
      this.arrivals?.push(sharedMs());
    } else if (this.frames > 1 && letter !== PULSE) this.others++;
    else if (letter === RESYNC) this.others++;
  }
}
const PULSE = "p".charCodeAt(0);
const RESYNC = "r".charCodeAt(0);
