/** What happened, the newest first. Only what is great is read out, and at most one sentence in a while. */
import { useEffect, useRef, useState } from "preact/hooks";
import { inWords } from "../../../shared/web/happenings.ts";
import type { Heralds } from "../../../shared/web/heraldry.ts";
import { Sigil } from "../../../shared/web/sigil.tsx";
import type { LiveView } from "../live.ts";

const SHOWN = 60;
const READ_OUT_PAUSE_MS = 10_000;

export function Ticker({
  live,
  until,
  heralds,
}: {
  live: LiveView;
  until: number | undefined;
  heralds: Heralds;
}) {
  const events = live.past.events(SHOWN, until);
  return (
    <section class="card ticker" aria-labelledby="happened">
      <header>
        <h2 id="happened">What happened</h2>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard. */}
      <ol tabIndex={0} aria-labelledby="happened">
        {events.length === 0 && <li class="quiet">Nothing yet. Stay a while.</li>}
        {events.map((event) => {
          const { text, weight, faction } = inWords(event, live.names, live.world?.state.actions);
          return (
            <li key={`${event.tick}.${event.n}`} class={weight}>
              <span>
                {faction !== undefined && <Sigil faction={faction} heralds={heralds} />} {text}
              </span>
              <small class="number">tick {event.tick}</small>
            </li>
          );
        })}
      </ol>
      <ReadOut live={live} />
    </section>
  );
}

/** A screen reader that was told each event of a lively realm would say nothing else. */
function ReadOut({ live }: { live: LiveView }) {
  const [sentence, say] = useState("");
  const saidAtMs = useRef(Number.NEGATIVE_INFINITY);
  const saidTick = useRef<number | undefined>(undefined);
  const tick = live.past.last;
  useEffect(() => {
    const seen = saidTick.current;
    saidTick.current = tick;
    // What happened before the page came is nothing new.
    if (tick === undefined || seen === undefined) return;
    const great = (live.past.at(tick)?.events ?? [])
      .map((event) => inWords(event, live.names))
      .filter(({ weight }) => weight === "great");
    if (great.length === 0 || performance.now() < saidAtMs.current + READ_OUT_PAUSE_MS) return;
    saidAtMs.current = performance.now();
    say(great.map(({ text }) => text).join(". "));
  }, [live, tick]);
  return (
    <p class="unseen" aria-live="polite">
      {sentence}
    </p>
  );
}
