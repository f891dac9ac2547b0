/** Where the realm stands in time. */
import { span } from "../../../shared/web/words.ts";
import { wordsOf } from "../../../shared/world/name-for.ts";
import { useNow } from "../following.tsx";
import type { LiveView } from "../live.ts";
import type { Shown } from "../past.ts";

export function Now({ live, state, past }: { live: LiveView; state: Shown; past: boolean }) {
  const nowMs = useNow();
  const next = past || live.nextTickMs === undefined ? undefined : (live.nextTickMs - nowMs) / 1_000;
  return (
    <dl class="now">
      <div>
        <dt>Tick</dt>
        <dd class="number" data-testid="tick">
          {state.tick}
        </dd>
      </div>
      <div>
        <dt>{past ? "It was" : "Next tick"}</dt>
        <dd class="number">
          {past ? moment(state.at) : next === undefined ? "–" : next >= 0.5 ? span(next) : "due"}
        </dd>
      </div>
      <div>
        <dt>Season</dt>
        <dd class="number">{state.season}</dd>
      </div>
      <div>
        <dt>Realm</dt>
        <dd>{wordsOf(state.status)}</dd>
      </div>
    </dl>
  );
}

const moment = (at: string) =>
  new Date(at).toLocaleString(undefined, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
