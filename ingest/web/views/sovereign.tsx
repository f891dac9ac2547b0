/** Sovereign actions: what is proposed, what came of the others, and a game master's own. */
import { useState } from "preact/hooks";
import type { PublicState } from "../../../shared/contracts/world.ts";
import type { Names } from "../../../shared/web/names.ts";
import { ticks, whole } from "../../../shared/web/words.ts";
import { wordsOf } from "../../../shared/world/name-for.ts";
import type { Api } from "../api.ts";
import { toldEnd } from "../command-end.ts";
import { useAct } from "../notes.tsx";
import { useStanding, WorldSays } from "../standing.tsx";

/** Their price and strength are the ruleset's. */
const ACTIONS = {
  iron_levy: "costs iron: pushes weigh more for a while",
  veil_ward: "costs aether: catastrophe falls",
  embargo: "costs grain: another faction's yields fall for a while",
} as const;
type ActionType = keyof typeof ACTIONS;

export function SovereignDesk({ api, realm }: { api: Api; realm: string }) {
  const { standing, names, told } = useStanding(api, realm);
  const state = standing?.state;
  const factions = Object.keys(state?.factions ?? {}).sort();
  return (
    <div class="desk">
      <Actions {...{ api, realm, names, state, factions }} />
      <div class="beside">
        <ProposeForm key={factions.join()} {...{ api, realm, names, factions }} />
        <WorldSays {...{ told, standing, names }} />
      </div>
    </div>
  );
}

type Props = { api: Api; realm: string; names: Names; factions: string[] };

function Actions({ api, realm, names, state, factions }: Props & { state: PublicState | undefined }) {
  const actions = Object.entries(state?.actions ?? {}).sort(
    ([a, x], [b, y]) => y.proposed_tick - x.proposed_tick || (a < b ? -1 : 1),
  );
  return (
    <section class="card" aria-labelledby="actions">
      <header>
        <h2 id="actions">Actions</h2>
      </header>
      {actions.length === 0 && <p class="quiet">None was proposed in this season.</p>}
      <ul class="history">
        {actions.map(([id, { action_type, faction, status, cost, proposed_tick, closes_tick, target }]) => (
          <li key={id}>
            <div>
              <strong>{names.action(action_type)}</strong> by {names.faction(faction)}
              {target !== undefined && ` against ${names.faction(target)}`} · {wordsOf(status)}
              <small>
                {whole(cost)} at stake · proposed at tick {proposed_tick}
                {status === "proposed" &&
                  ` · closes in ${ticks(Math.max(0, closes_tick - (state?.tick ?? closes_tick)))}`}
              </small>
            </div>
            {status === "proposed" && (
              <CounterForm
                {...{ api, realm, names }}
                action={id}
                factions={factions.filter((other) => other !== faction)}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function ProposeForm({ api, realm, names, factions }: Props) {
  const [action, setAction] = useState<ActionType>("iron_levy");
  const [faction, setFaction] = useState(factions[0] ?? "");
  const [target, setTarget] = useState("");
  const { run, note, busy } = useAct();
  const propose = () =>
    run(async () => {
      const aimed = action === "embargo" && target !== "" ? { target } : {};
      const { command_id } = await api.command(realm, "sovereign.propose", {
        action_type: action,
        faction,
        ...aimed,
      });
      return toldEnd(api, realm, command_id, {
        applied: "Its window was opened",
        waiting: "Proposed; the next tick opens its window or refuses it",
      });
    });
  return (
    <section class="card" aria-labelledby="propose">
      <header>
        <h2 id="propose">Propose</h2>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void propose();
        }}
      >
        <label>
          Action
          <select
            value={action}
            onChange={({ currentTarget }) => setAction(currentTarget.value as ActionType)}
          >
            {(Object.keys(ACTIONS) as ActionType[]).map((id) => (
              <option key={id} value={id}>
                {names.action(id)}
              </option>
            ))}
          </select>
          <small>{ACTIONS[action]}</small>
        </label>
        <FactionChoice
          label="In the name of"
          value={faction}
          {...{ names, factions }}
          onChange={setFaction}
        />
        {action === "embargo" && (
          <FactionChoice
            label="Against"
            value={target}
            names={names}
            factions={["", ...factions.filter((other) => other !== faction)]}
            onChange={setTarget}
          />
        )}
        <p class="acts">
          <button type="submit" class="main" disabled={busy || faction === ""}>
            Propose
          </button>
        </p>
      </form>
      {note}
    </section>
  );
}

/** `stake` in whole units; the log has thousandths. */
function CounterForm({ api, realm, names, action, factions }: Props & { action: string }) {
  const [faction, setFaction] = useState(factions[0] ?? "");
  const [stake, setStake] = useState("100");
  const { run, note, busy } = useAct();
  const counter = () =>
    run(async () => {
      const payload = { action, faction, stake: Math.round(Number(stake) * 1_000) };
      const { command_id } = await api.command(realm, "sovereign.counter", payload);
      return toldEnd(api, realm, command_id, {
        applied: "The stake was counted",
        waiting: "The stake is on disk; the next tick counts it or refuses it",
      });
    });
  return (
    <form
      class="inline"
      onSubmit={(event) => {
        event.preventDefault();
        void counter();
      }}
    >
      <FactionChoice label="Counter for" value={faction} {...{ names, factions }} onChange={setFaction} />
      <label>
        Stake
        <input
          type="number"
          min="1"
          max="10000"
          value={stake}
          onInput={({ currentTarget }) => setStake(currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={busy}>
        Counter
      </button>
      {note}
    </form>
  );
}

function FactionChoice(props: {
  label: string;
  value: string;
  names: Names;
  factions: string[];
  onChange: (id: string) => void;
}) {
  const { label, value, names, factions, onChange } = props;
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {factions.map((id) => (
          <option key={id} value={id}>
            {id === "" ? "choose one" : names.faction(id)}
          </option>
        ))}
      </select>
    </label>
  );
}
