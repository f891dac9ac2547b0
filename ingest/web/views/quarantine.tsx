/** What waits for a person: alone or in groups, with its reasons, and what to do about it. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { QUARANTINE_REASON_TEXT, type QuarantineReason } from "../../../shared/contracts/decision.ts";
import { span } from "../../../shared/web/words.ts";
import { wordsOf } from "../../../shared/world/name-for.ts";
import type { Api, Filter, Group, Grouping, Listed } from "../api.ts";
import { useAct } from "../notes.tsx";
import { useNames } from "../standing.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { Review } from "./review.tsx";

const GROUPINGS: Grouping[] = ["reason", "user", "device", "fingerprint"];
const PAGE = 50;

export function QuarantineDesk({ api, realm }: { api: Api; realm: string }) {
  const [filter, setFilter] = useState<Filter>({});
  const [group, setGroup] = useState<Grouping>();
  const [listed, setListed] = useState<Listed>();
  const [opened, open] = useState<string>();
  const [picked, pick] = useState<ReadonlySet<string>>(new Set());
  const { run, note, busy } = useAct();
  const names = useNames(api, realm);

  const load = useCallback(
    (after?: number) =>
      run(async () => {
        const query = group === undefined ? { ...filter, limit: PAGE } : { ...filter, group };
        const found = await api.quarantine(realm, { ...query, ...(after === undefined ? {} : { after }) });
        setListed((before) =>
          after === undefined
            ? found
            : { ...found, items: [...(before?.items ?? []), ...(found.items ?? [])] },
        );
        return undefined;
      }),
    [api, realm, filter, group],
  );
  useEffect(() => {
    pick(new Set());
    void load();
  }, [load]);

  const reviewed = () => {
    open(undefined);
    pick(new Set());
    void load();
  };
  const items = listed?.items ?? [];
  const toggle = (event: string) => {
    const next = new Set(picked);
    if (!next.delete(event)) next.add(event);
    pick(next);
  };
  return (
    <div class="desk">
      <section class="card" aria-label="What waits">
        <header>
          <h2 data-testid="open">
            {listed === undefined ? "Looking …" : `${listed.counts.open} open`}
            {listed !== undefined && listed.matching !== listed.counts.open && (
              <small> · {listed.matching} match</small>
            )}
          </h2>
          {listed !== undefined && listed.counts.open > 0 && (
            <small>the oldest for {span(listed.counts.oldest_age_s)}</small>
          )}
          <button type="button" onClick={() => void load()} disabled={busy}>
            Look again
          </button>
        </header>
        <fieldset class="chips">
          <legend class="unseen">View</legend>
          <Chip on={group === undefined} choose={() => setGroup(undefined)} text="one by one" />
          {GROUPINGS.map((by) => (
            <Chip key={by} on={group === by} choose={() => setGroup(by)} text={`by ${by}`} />
          ))}
        </fieldset>
        <Filters filter={filter} onChange={setFilter} />
        {note}
        {listed?.groups !== undefined && group !== undefined && (
          <Groups
            groups={listed.groups}
            by={group}
            onOpen={(key) => {
              setGroup(undefined);
              setFilter({ ...filter, [group]: key });
            }}
          />
        )}
        {group === undefined && (
          <>
            <ul class="items">
              {items.map((item) => (
                <li key={item.event_id} class={item.event_id === opened ? "chosen" : ""}>
                  <input
                    type="checkbox"
                    aria-label={`Pick the event of ${item.user_id}`}
                    checked={picked.has(item.event_id)}
                    onChange={() => toggle(item.event_id)}
                  />
                  <button
                    type="button"
                    aria-pressed={item.event_id === opened}
                    onClick={() => open(item.event_id)}
                  >
                    <strong>{item.user_id}</strong> {item.action_key}
                    {item.territory_id !== undefined && ` at ${names.territory(item.territory_id)}`}
                    <small>
                      {wordsOf(item.reason)} · {item.base_points} points · waits {span(item.age_s)}
                    </small>
                  </button>
                </li>
              ))}
            </ul>
            {listed !== undefined && items.length === 0 && <p class="quiet">Nothing waits here.</p>}
            {listed?.next !== undefined && (
              <button type="button" onClick={() => void load(listed.next)}>
                More
              </button>
            )}
          </>
        )}
      </section>
      <div class="beside">
        <BulkBar
          {...{ api, realm, filter }}
          picked={[...picked]}
          matching={listed?.matching ?? 0}
          onPickAll={() => pick(new Set(items.map(({ event_id }) => event_id)))}
          onReviewed={reviewed}
        />
        {opened !== undefined && (
          <Review key={opened} {...{ api, realm, names }} event={opened} onReviewed={reviewed} />
        )}
      </div>
    </div>
  );
}

function Chip({ on, choose, text }: { on: boolean; choose: () => void; text: string }) {
  return (
    <button type="button" class="chip" aria-pressed={on} onClick={choose}>
      {text}
    </button>
  );
}

/** What the list is narrowed to, each with a way out. */
function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const given = Object.entries(filter) as [keyof Filter, string][];
  if (given.length === 0) return null;
  return (
    <p class="chips">
      {given.map(([by, value]) => (
        <button
          key={by}
          type="button"
          class="chip"
          aria-label={`Drop the filter ${by} ${value}`}
          onClick={() => onChange(Object.fromEntries(given.filter(([name]) => name !== by)))}
        >
          {by}: {value === "" ? "none named" : value} ✕
        </button>
      ))}
    </p>
  );
}

function Groups({ groups, by, onOpen }: { groups: Group[]; by: Grouping; onOpen: (key: string) => void }) {
  return (
    <ul class="items">
      {groups.map(({ key, count, oldest_age_s, by_reason }) => (
        <li key={key}>
          <button type="button" onClick={() => onOpen(key)}>
            <strong class="number">{count}</strong> {key === "" ? "no device named" : key}
            <small>
              {by === "reason"
                ? `${QUARANTINE_REASON_TEXT[key as QuarantineReason]} · `
                : `${Object.entries(by_reason)
                    .map(([reason, n]) => `${n} ${wordsOf(reason).toLowerCase()}`)
                    .join(", ")} · `}
              the oldest waits {span(oldest_age_s)}
            </small>
          </button>
        </li>
      ))}
    </ul>
  );
}
