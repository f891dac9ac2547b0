/** One quarantined event: why it waits, what a release would give, and the word on it. */
import { useEffect, useState } from "preact/hooks";
import { QUARANTINE_REASON_TEXT, REJECT_REASON_TEXT } from "../../../shared/contracts/decision.ts";
import type { Names } from "../../../shared/web/names.ts";
import { percent } from "../../../shared/web/words.ts";
import { wordsOf } from "../../../shared/world/name-for.ts";
import type { Api, Effect, ReviewVerdict, Shown } from "../api.ts";
import { useAct } from "../notes.tsx";

type Props = { api: Api; realm: string; names: Names; event: string; onReviewed: () => void };

/** Milli-points: `81.250`. */
export const points = (milli: number): string =>
  `${Math.floor(milli / 1_000)}.${`${milli % 1_000}`.padStart(3, "0")}`;

export function Review({ api, realm, names, event, onReviewed }: Props) {
  const [shown, setShown] = useState<Shown>();
  const [noted, setNoted] = useState("");
  const [done, setDone] = useState(false);
  const { run, note, busy } = useAct();
  useEffect(() => {
    void run(async () => {
      setShown(await api.event(realm, event));
      return undefined;
    });
  }, [api, realm, event]);

  const review = (verdict: ReviewVerdict) =>
    run(async () => {
      const { status, points: given, earliest_tick } = await api.review(realm, event, verdict, noted);
      setDone(true);
      return status === "released"
        ? `Released: ${points(given ?? 0)} points, counted with tick ${earliest_tick ?? "to come"}.`
        : "Rejected, for good.";
    });
  return (
    <section class="card review" aria-label="Review">
      <header>
        <h2>{shown === undefined ? "One event" : `${shown.user_id} · ${shown.action_key}`}</h2>
        <small class="mono">{event}</small>
      </header>
      {shown !== undefined && !done && (
        <>
          <p>
            <strong>{wordsOf(shown.reason)}:</strong> {QUARANTINE_REASON_TEXT[shown.reason]}.
            {shown.error !== undefined && <code> {shown.error}</code>}
          </p>
          <Facts shown={shown} names={names} />
          <ReleaseEffect effect={shown.effect} />
          <label>
            Note, for the log
            <input
              value={noted}
              maxLength={500}
              onInput={({ currentTarget }) => setNoted(currentTarget.value)}
            />
          </label>
          <p class="acts">
            <button type="button" class="main" disabled={busy} onClick={() => void review("release")}>
              Release
            </button>
            <button type="button" disabled={busy} onClick={() => void review("reject")}>
              Reject
            </button>
          </p>
          <details>
            <summary>The decision as the log has it</summary>
            <pre>{JSON.stringify(shown.decision, null, 2)}</pre>
          </details>
        </>
      )}
      {note}
      {done && (
        <button type="button" onClick={onReviewed}>
          Back to the list
        </button>
      )}
    </section>
  );
}

function where({ territory_id, relic_id }: Shown, names: Names): string {
  if (territory_id !== undefined) return names.territory(territory_id);
  return relic_id === undefined ? "Nowhere" : names.relic(relic_id);
}

function Facts({ shown, names }: { shown: Shown; names: Names }) {
  const { factors, heat = {} } = shown;
  const facts: [string, string][] = [
    ["Faction", names.faction(shown.faction_id)],
    ["Source", wordsOf(shown.source)],
    ["Deed", wordsOf(shown.event_type)],
    ["Where", where(shown, names)],
    ["Device", shown.device_id ?? "none named"],
    ["Base", `${shown.base_points} points`],
    [
      "Factors",
      `quality ${percent(factors.quality_bp)}, variety ${percent(factors.anti_spam_bp)}, fairness ${percent(factors.fairness_bp)}`,
    ],
    [
      "Hits not cooled off",
      Object.entries(heat)
        .map(([key, hits]) => `${wordsOf(key).toLowerCase()} ${hits}`)
        .join(", "),
    ],
    ["Received", new Date(shown.received_at).toLocaleString()],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function ReleaseEffect({ effect }: { effect: Effect }) {
  const { refusal, points_after_caps, points_before_caps, clipped, left } = effect;
  return (
    <div class="outcome" data-testid="effect">
      <strong>
        {refusal === undefined
          ? `A release now gives ${points(points_after_caps)} points`
          : `A release would be refused: ${REJECT_REASON_TEXT[refusal]}`}
      </strong>
      <small>
        {points(points_before_caps)} before the caps
        {clipped.map(({ by, points: cut }) => `, −${points(cut)} by ${wordsOf(by).toLowerCase()}`)} · after it{" "}
        {points(left.user_day)} are left of the user's day and {points(left.source)} of this source · day{" "}
        {effect.daily_cap_bucket}
      </small>
    </div>
  );
}
