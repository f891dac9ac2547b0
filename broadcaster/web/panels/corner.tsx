/** In the corner: whether the page is connected, the tick that it draws, and the hash that proves the newest state. */
import { useState } from "preact/hooks";
import type { FeedStatus } from "../../../shared/clients/typescript/feed-client.ts";
import type { LiveView } from "../live.ts";

const WORDS: Record<FeedStatus, string> = {
  open: "live",
  connecting: "connecting",
  waiting: "reconnecting",
  closed: "closed",
};

type Props = {
  live: LiveView;
  /** What the panels draw in this very turn; absent before there is any state. */
  shown?: { tick: number; past: boolean };
};

export function Corner({ live, shown }: Props) {
  const [copied, setCopied] = useState(false);
  const { world, status, hashes, healed } = live;
  const copy = async () => {
    await navigator.clipboard?.writeText(world?.hash ?? "");
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  const proof = hashes
    ? "Recomputed here from the state, and equal to what the chain of ticks says."
    : "The chain of hashes fits; this browser recomputes them on https only.";
  return (
    <footer class="corner">
      <span class={`connection ${status}`} role="status" data-testid="connection">
        {WORDS[status]}
        {shown !== undefined && ` · ${shown.past ? "looking at tick" : "tick"} ${shown.tick}`}
      </span>
      {world !== undefined && (
        <button type="button" class="mono" title={`${world.hash}\n${proof} Click to copy.`} onClick={copy}>
          <span class="unseen">{hashes ? "State verified, hash" : "Chain verified, hash"} </span>
          <span aria-hidden="true">{hashes ? "✓ " : "∞ "}</span>
          {copied ? "copied" : world.hash.slice(0, 12)}
        </button>
      )}
      {healed > 0 && <small title="Something didn't fit, and the page asked anew.">healed {healed}×</small>}
    </footer>
  );
}
