/** A word on many events at once: those that are picked, or all that the filter takes. */
import { useEffect, useState } from "preact/hooks";
import type { Api, Filter, ReviewVerdict } from "../api.ts";
import { useAct } from "../notes.tsx";
import { points } from "./review.tsx";

type Props = {
  api: Api;
  realm: string;
  filter: Filter;
  picked: string[];
  matching: number;
  onPickAll: () => void;
  onReviewed: () => void;
};

/** The effect of so many is asked for beforehand; each is a request. */
const FORESEEN = 25;

export function BulkBar({ api, realm, filter, picked, matching, onPickAll, onReviewed }: Props) {
  const [noted, setNoted] = useState("");
  const [asked, ask] = useState<{ verdict: ReviewVerdict; all: boolean }>();
  const { run, note, busy } = useAct();
  const filtered = Object.keys(filter).length > 0;
  const foreseen = useForeseen(api, realm, asked?.verdict === "release" && !asked.all ? picked : []);
  const review = ({ verdict, all }: { verdict: ReviewVerdict; all: boolean }) =>
    run(async () => {
      const { results, remaining } = await api.reviewAll(
        realm,
        all ? { filter } : { event_ids: picked },
        verdict,
        noted,
      );
      ask(undefined);
      onReviewed();
      const refused = results.filter(({ status }) => status === "refused");
      const given = results.reduce((sum, { points: milli = 0 }) => sum + milli, 0);
      const why = refused[0]?.problem?.detail;
      return [
        `${results.length - refused.length} ${verdict === "release" ? `released, ${points(given)} points in all` : "rejected"}`,
        ...(refused.length > 0 ? [`${refused.length} refused${why === undefined ? "" : ` (${why})`}`] : []),
        ...(remaining > 0 ? [`${remaining} more match`] : []),
      ].join("; ");
    });
  return (
    <section class="card" aria-label="Many at once">
      <header>
        <h2>Many at once</h2>
        <button type="button" onClick={onPickAll} disabled={matching === 0}>
          Pick all shown
        </button>
      </header>
      <label>
        Note, for the log
        <input value={noted} maxLength={500} onInput={({ currentTarget }) => setNoted(currentTarget.value)} />
      </label>
      <p class="acts">
        {(["release", "reject"] as const).map((verdict) => (
          <button
            key={verdict}
            type="button"
            disabled={busy || picked.length === 0}
            onClick={() => ask({ verdict, all: false })}
          >
            {verdict === "release" ? "Release" : "Reject"} {picked.length} picked
          </button>
        ))}
        {filtered &&
          (["release", "reject"] as const).map((verdict) => (
            <button
              key={`all-${verdict}`}
              type="button"
              disabled={busy || matching === 0}
              onClick={() => ask({ verdict, all: true })}
            >
              {verdict === "release" ? "Release" : "Reject"} all {matching} that match
            </button>
          ))}
      </p>
      {asked !== undefined && (
        <div class="outcome" role="alertdialog" aria-label="Sure?">
          <strong>
            {asked.verdict === "release" ? "Release" : "Reject"}{" "}
            {eventsOf(asked.all ? matching : picked.length)}, for good?
          </strong>
          {asked.verdict === "release" && (
            <small>{asked.all ? "Each counts against the caps of today." : foreseen}</small>
          )}
          <p class="acts">
            <button type="button" class="main" disabled={busy} onClick={() => void review(asked)}>
              Yes, {asked.verdict} them
            </button>
            <button type="button" onClick={() => ask(undefined)}>
              No
            </button>
          </p>
        </div>
      )}
      {note}
    </section>
  );
}

/** What releasing some events would give, in words. The caps of one user are seen by each event alone, so it is a bound. */
function useForeseen(api: Api, realm: string, events: string[]): string {
  const [text, setText] = useState("");
  const key = events.join();
  useEffect(() => {
    if (events.length === 0) return;
    let current = true;
    setText("Adding up what they would give …");
    const some = events.slice(0, FORESEEN);
    Promise.allSettled(some.map((event) => api.event(realm, event))).then((answers) => {
      if (!current) return;
      const effects = answers.flatMap((answer) =>
        answer.status === "fulfilled" ? [answer.value.effect] : [],
      );
      const sum = effects.reduce((total, { points_after_caps }) => total + points_after_caps, 0);
      const refusals = effects.filter(({ refusal }) => refusal !== undefined).length;
      const rest = events.length > some.length ? ` for the first ${some.length}` : "";
      setText(
        `They give ${points(sum)} points at most${rest}${refusals > 0 ? `; ${refusals} would be refused` : ""}. Each counts against the caps of today.`,
      );
    });
    return () => {
      current = false;
    };
  }, [api, realm, key]);
  return text;
}

const eventsOf = (count: number): string => (count === 1 ? "1 event" : `${count} events`);
