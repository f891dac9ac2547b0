/** In the corner: whether the page is connected, and the hash that proves the state it shows. */
import { useState } from "preact/hooks";
import type { FeedStatus } from "../../../shared/feed-client.ts";
import type { Live } from "../live.ts";

const WORDS: Record<FeedStatus, string> = {
  open: "live",
  connecting: "connecting",
  waiting: "reconnecting",
  closed: "closed",
};

export function Corner({ live }: { live: Live }) {
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
