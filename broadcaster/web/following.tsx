/** Hooks: a component that draws anew when the realm or the time moves on. */
import { useEffect, useState } from "preact/hooks";
import type { LiveView } from "./live.ts";

export function useLive(live: LiveView): void {
  const [, redraw] = useState(0);
  useEffect(() => live.subscribe(() => redraw((n) => n + 1)), [live]);
}

/** The time in ms since 1970, each second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
