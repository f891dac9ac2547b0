/** A file that is read again when it changes, without a watch or a timer: a read checks for changes, at most once a second. */
import { readFileSync, statSync } from "node:fs";

const LOOK_MS = 1_000;

export class ReloadedFile<Content> {
  readonly #path: string;
  readonly #parse: (text: string) => Content;
  readonly #failed: (error: unknown) => void;
  readonly #lookMs: number;
  #content: Content;
  #version: string;
  #lookedMs = performance.now();

  /**
   * Reads the file at once and throws where it can't be read or parsed. Later such a failure is passed to `failed`, once for each state of the
   * file, and the content stays as it was.
   */
  constructor(
    path: string,
    parse: (text: string) => Content,
    failed: (error: unknown) => void,
    lookMs = LOOK_MS,
  ) {
    this.#path = path;
    this.#parse = parse;
    this.#failed = failed;
    this.#lookMs = lookMs;
    this.#version = this.#versionNow();
    this.#content = parse(readFileSync(path, "utf8"));
  }

  get content(): Content {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs >= this.#lookMs) {
      this.#lookedMs = nowMs;
      this.#look();
    }
    return this.#content;
  }

  #look(): void {
    let version = "unreadable";
    try {
      version = this.#versionNow();
      if (version !== this.#version) this.#content = this.#parse(readFileSync(this.#path, "utf8"));
    } catch (error) {
      if (version !== this.#version) this.#failed(error);
    }
    this.#version = version;
  }

  /** Secrets that are mounted change by a link that points elsewhere: the file is another one then. */
  #versionNow(): string {
    const { ino, size, mtimeMs } = statSync(this.#path);
    return `${ino}.${size}.${mtimeMs}`;
  }
}
