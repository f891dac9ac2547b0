/** Back through the ticks: what the page remembers at once, what is older from the server. */
import { useEffect, useState } from "preact/hooks";
import { ticks } from "../../../shared/web/words.ts";
import type { LiveView } from "../live.ts";
import type { Shown } from "../past.ts";

export type Travel = {
  /** Absent: now. */
  tick: number | undefined;
  /** What was asked for, as soon as it is here. */
  state: Shown | undefined;
  trouble: string | undefined;
  go: (tick: number | undefined) => void;
};

/** A slider that is dragged asks the server only for where it rests, ms. */
const REST_MS = 150;

export function useTimeTravel(live: LiveView): Travel {
  const [tick, setTick] = useState<number>();
  const [read, setRead] = useState<Shown>();
  const [trouble, setTrouble] = useState<string>();
  const remembered = tick === undefined ? undefined : live.past.at(tick)?.state;
  const known = remembered !== undefined;
  useEffect(() => {
    setTrouble(undefined);
    if (tick === undefined || known) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      live.reads.tick(tick, stop.signal).then(
        ({ state }) => setRead(state),
        (error: Error) => stop.signal.aborted || setTrouble(`Tick ${tick} can't be shown: ${error.message}.`),
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [live, tick, known]);
  const state = remembered ?? (tick === undefined ? undefined : read);
  return { tick, state, trouble, go: setTick };
}

export function Scrubber({ live, travel }: { live: LiveView; travel: Travel }) {
  const last = live.world?.tick ?? 0;
  const first = live.past.first ?? last;
  // Without a past on the server there is what the page has seen itself.
  const earliest = live.noPast === undefined ? Math.min(first, 0) : first;
  const { tick, go } = travel;
  const at = tick ?? last;
  const bounded = (wanted: number) => {
    const next = Math.max(earliest, Math.min(last, wanted));
    go(next === last ? undefined : next);
  };
  const none = earliest === last;
  return (
    <div class="scrubber">
      <div class="row">
        <button
          type="button"
          disabled={at <= earliest}
          onClick={() => bounded(at - 1)}
          aria-label="One tick back"
        >
          ‹
        </button>
        <input
          type="range"
          aria-label="Tick to look at"
          aria-valuetext={
            tick === undefined ? `now, tick ${last}` : `tick ${tick}, ${ticks(last - tick)} ago`
          }
          min={earliest}
          max={last}
          value={at}
          disabled={none}
          onInput={(event) => bounded(Number(event.currentTarget.value))}
        />
        <button type="button" disabled={at >= last} onClick={() => bounded(at + 1)} aria-label="One tick on">
          ›
        </button>
        <button type="button" class={tick === undefined ? "live on" : "live"} onClick={() => go(undefined)}>
          Live
        </button>
      </div>
      <small class="number" data-testid="scrubber">
        {travel.trouble ??
          (tick !== undefined
            ? `Tick ${tick}, ${ticks(last - tick)} ago. The live world goes on behind it.`
            : none
              ? `No tick to go back to: ${live.noPast ?? "this is the first one"}.`
              : live.noPast !== undefined
                ? `Back to tick ${earliest}, where this page came: ${live.noPast}.`
                : `Back to tick ${earliest}; the ${ticks(last - first)} from ${first} on are at hand.`)}
      </small>
    </div>
  );
}
