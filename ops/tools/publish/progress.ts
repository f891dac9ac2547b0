/** Progress of a publish run on standard error. */
import { createLogUpdate } from "log-update";
import type { Tally } from "./tally.ts";

/** On a terminal one line that changes, elsewhere a line now and then. */
export function showProgress(tally: Tally): { waiting(reason: string): void; stop(): void } {
  const { stderr } = process;
  const live = stderr.isTTY ? createLogUpdate(stderr) : undefined;
  let why = "";
  let shown = "";
  const show = () => {
    const text = `${tally.summary()}${why}`;
    if (live !== undefined) live(text);
    else if (text !== shown) stderr.write(`${text}\n`);
    shown = text;
    why = "";
  };
  const timer = setInterval(show, live === undefined ? 2_000 : 100);
  return {
    waiting: (reason) => {
      why = ` · ${reason}, trying again`;
      show();
    },
    stop: () => {
      clearInterval(timer);
      live?.clear();
    },
  };
}
