/** The realm itself: its clock, its status, and decrees. */
import { useState } from "preact/hooks";
import { percent } from "../../../shared/web/words.ts";
import { wordsOf } from "../../../shared/world/name-for.ts";
import type { Api, Standing } from "../api.ts";
import { toldEnd } from "../command-end.ts";
import { useAct } from "../notes.tsx";
import { useStanding, WorldSays } from "../standing.tsx";

const STATUSES = {
  active: "candidates count, the clock ticks",
  maintenance: "the clock stands still, candidates are judged and wait",
  season_end: "candidates are rejected",
} as const;
type Status = keyof typeof STATUSES;

const NO_EFFECTS = "[]";

export function RealmDesk({ api, realm }: { api: Api; realm: string }) {
  const { standing, names, told, look } = useStanding(api, realm);
  return (
    <div class="desk">
      <div class="beside">
        <Clock {...{ api, realm, standing, look }} />
        <WorldSays {...{ told, standing, names }} />
      </div>
      <div class="beside">
        <StatusForm {...{ api, realm, standing, look }} />
        <DecreeForm api={api} realm={realm} />
      </div>
    </div>
  );
}

type Props = { api: Api; realm: string; standing: Standing | undefined; look: () => Promise<void> };

function Clock({ api, realm, standing, look }: Props) {
  const { run, note, busy } = useAct();
  const tick = () =>
    run(async () => {
      const ran = await api.tick(realm);
      await look();
      return `Tick ${ran.tick} is committed, hash ${ran.hash.slice(0, 12)}.`;
    });
  const state = standing?.state;
  const facts: [string, string][] =
    state === undefined
      ? []
      : [
          ["Tick", `${state.tick}`],
          ["At", new Date(state.at).toLocaleString()],
          ["Status", wordsOf(state.status)],
          ["Season", `${state.season}`],
          ["Ruleset", `version ${state.ruleset_version}`],
          ["Tension", percent(state.meters.global_tension)],
          ["Catastrophe", percent(state.meters.catastrophe_meter)],
          ["Effects", `${Object.keys(state.effects).length}`],
        ];
  return (
    <section class="card" aria-labelledby="clock">
      <header>
        <h2 id="clock">The clock</h2>
        <small class="mono">{standing?.hash.slice(0, 16)}</small>
      </header>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number">{value}</dd>
          </div>
        ))}
      </dl>
      <p class="acts">
        <button type="button" class="main" disabled={busy} onClick={() => void tick()}>
          Tick now
        </button>
      </p>
      <p class="quiet">Everything sent before counts in it.</p>
      {note}
    </section>
  );
}

function StatusForm({ api, realm, standing, look }: Props) {
  const { run, note, busy } = useAct();
  const now = standing?.state.status;
  const set = (status: Status) =>
    run(async () => {
      const { command_id } = await api.command(realm, "realm.status", { status });
      const said = await toldEnd(api, realm, command_id, {
        applied: `The realm's status becomes ${wordsOf(status)}`,
        waiting: `${wordsOf(status)} is on disk, and not decided yet`,
      });
      await look();
      return said;
    });
  return (
    <section class="card" aria-labelledby="status">
      <header>
        <h2 id="status">Status</h2>
      </header>
      <ul class="choices">
        {(Object.keys(STATUSES) as Status[]).map((status) => (
          <li key={status}>
            <button
              type="button"
              aria-pressed={status === now}
              disabled={busy}
              onClick={() => void set(status)}
            >
              {wordsOf(status)}
            </button>
            <small>{STATUSES[status]}</small>
          </li>
        ))}
      </ul>
      {note}
    </section>
  );
}

function DecreeForm({ api, realm }: { api: Api; realm: string }) {
  const [text, setText] = useState("");
  const [effects, setEffects] = useState(NO_EFFECTS);
  const { run, note, busy } = useAct();
  const decree = () =>
    run(async () => {
      const { command_id } = await api.command(realm, "decree", {
        text,
        effects: JSON.parse(effects) as unknown,
      });
      setText("");
      setEffects(NO_EFFECTS);
      return toldEnd(api, realm, command_id, {
        applied: "The decree was proclaimed",
        waiting: "The decree is on disk; the next tick decides it",
      });
    });
  return (
    <section class="card" aria-labelledby="decree">
      <header>
        <h2 id="decree">Decree</h2>
        <small>public, signed with your name</small>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void decree();
        }}
      >
        <label>
          What is proclaimed
          <input
            value={text}
            maxLength={200}
            required
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <label>
          Effects, in the triggers' language
          <textarea
            class="mono"
            rows={4}
            spellcheck={false}
            value={effects}
            onInput={({ currentTarget }) => setEffects(currentTarget.value)}
          />
        </label>
        <p class="acts">
          <button type="submit" disabled={busy}>
            Proclaim
          </button>
        </p>
      </form>
      {note}
    </section>
  );
}
