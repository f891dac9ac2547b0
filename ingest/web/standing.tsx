/** Where the realm stands, and what its last ticks told, for the desks that act on it. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { inWords, type Told } from "../../shared/web/happenings.ts";
import { Names } from "../../shared/web/names.ts";
import type { Api, Standing } from "./api.ts";

/** The log is asked again so often while a desk is open, ms. */
const LOOK_MS = 5_000;
const TOLD_KEPT = 40;

export type Watched = {
  standing: Standing | undefined;
  names: Names;
  told: Told[];
  look: () => Promise<void>;
};

export function useStanding(api: Api, realm: string): Watched {
  const [standing, setStanding] = useState<Standing>();
  const [told, setTold] = useState<Told[]>([]);
  const look = useCallback(async () => {
    // What an act answers says more about a failure than this would.
    const found = await api.standing(realm).catch(() => undefined);
    if (found === undefined) return;
    setStanding(found);
    setTold((before) => {
      const fresh = found.events.filter(({ tick }) => tick > (before[0]?.tick ?? -1));
      return fresh.length === 0 ? before : [...fresh.toReversed(), ...before].slice(0, TOLD_KEPT);
    });
  }, [api, realm]);
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [look]);
  const names = useMemo(() => new Names(standing?.names), [standing]);
  return { standing, names, told, look };
}

/** The names of a realm's things, for a desk that needs no more of it; words of their ids to a token that may not read. */
export function useNames(api: Api, realm: string): Names {
  const [names, setNames] = useState(() => new Names());
  useEffect(() => {
    api.standing(realm).then(
      (found) => setNames(new Names(found.names)),
      () => setNames(new Names()),
    );
  }, [api, realm]);
  return names;
}

/** What the world made of commands, among all that happened since the desk was opened: the newest first. */
export function WorldSays({ told, standing, names }: Pick<Watched, "told" | "standing" | "names">) {
  return (
    <section class="card" aria-labelledby="told">
      <header>
        <h2 id="told">What the world says</h2>
        <small>since this desk is open</small>
      </header>
      {told.length === 0 && <p class="quiet">Nothing in the last tick.</p>}
      <ol class="history told">
        {told.map((event) => (
          <li key={`${event.tick}.${event.n}`} class={event.kind === "refused" ? "refused" : ""}>
            <span>{inWords(event, names, standing?.state.actions).text}</span>
            <small class="number">
              tick {event.tick}
              {typeof event.id === "string" && <span class="mono"> {event.id}</span>}
            </small>
          </li>
        ))}
      </ol>
    </section>
  );
}
