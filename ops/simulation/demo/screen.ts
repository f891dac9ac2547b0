/** The terminal of a demo: a live picture where it is one, plain lines where output goes elsewhere. */
import { createLogUpdate } from "log-update";

export type Screen = {
  live: boolean;
  /** Replaces the live picture; nothing where there is none. */
  show(picture: string): void;
  /** A line that stays. */
  print(line: string): void;
  /** The live picture stays as it is now, and lines follow it. */
  done(): void;
};

export function openScreen(stdout: NodeJS.WriteStream): Screen {
  const print = (line: string): void => void stdout.write(`${line}\n`);
  if (!stdout.isTTY) return { live: false, show: () => {}, print, done: () => {} };
  // The cursor stays: nothing would bring it back after a kill -9.
  const update = createLogUpdate(stdout, { showCursor: true });
  let done = false;
  return {
    live: true,
    show: (picture) => {
      if (!done) update(picture);
    },
    print: (line) => (done ? print(line) : update.persist(line)),
    done: () => {
      done = true;
      update.done();
    },
  };
}
