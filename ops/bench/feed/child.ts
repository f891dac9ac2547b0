/** Processes of the feed's benchmark: each does what it is asked, and answers. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { STAGE_FLAGS } from "../../local/runtime.ts";

export class Child<Asked, Answers> {
  readonly #process: ChildProcess;
  #asked = 0;
  readonly #waiting = new Map<number, (answer: never) => void>();

  constructor(file: string, args: string[] = []) {
    this.#process = fork(file, args, { execArgv: [...STAGE_FLAGS] });
    this.#process.on("message", ({ id, answer }: { id: number; answer: never }) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  /** Fails when the process ends first. */
  ask<Name extends keyof Answers>(asked: Asked & { do: Name }): Promise<Answers[Name]> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#process.once("exit", (code) =>
        reject(new Error(`a process of the benchmark ended with ${code}`)),
      );
      this.#process.setMaxListeners(0);
      this.#process.send({ id, asked });
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }
}

/** The other side: answers each question by its function. */
export function answerAll<Asked extends { do: string }>(answer: (asked: Asked) => unknown): void {
  process.on("message", async ({ id, asked }: { id: number; asked: Asked }) => {
    process.send!({ id, answer: await answer(asked) });
  });
  process.on("disconnect", () => process.exit());
}
