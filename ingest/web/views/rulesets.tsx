/** The rules of a realm: those in force, those before, what changed, and new ones. */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Api, Difference, Version } from "../api.ts";
import { useAct } from "../notes.tsx";
import { DiffTable } from "./diff-table.tsx";
import { RulesetEditor } from "./ruleset-editor.tsx";

export function RulesetDesk({ api, realm }: { api: Api; realm: string }) {
  const [history, setHistory] = useState<Version[]>([]);
  const [compared, compare] = useState<{ from: number; to: number; changes: Difference[] }>();
  const { run, note, busy } = useAct();
  const inForce = history.at(-1)?.version;

  const read = useCallback(async () => setHistory(await api.history(realm)), [api, realm]);
  useEffect(() => {
    void run(async () => {
      await read();
      return undefined;
    });
  }, [read]);

  const show = (from: number, to: number) =>
    run(async () => {
      compare({ from, to, changes: await api.diff(realm, from, to) });
      return undefined;
    });
  /** The editor begins anew with the new version, so what came of it is told here. */
  const isSet = (version: number) =>
    run(async () => {
      await read();
      return `Version ${version} is in force.`;
    });
  const rollBack = (version: number) =>
    run(async () => {
      const { version: made } = await api.rollBack(realm, version, inForce!);
      await read();
      return `The rules of version ${version} are in force again, as version ${made}.`;
    });
  return (
    <div class="desk">
      <section class="card" aria-labelledby="editor">
        <header>
          <h2 id="editor">The ruleset</h2>
          {inForce !== undefined && <small>version {inForce} is in force</small>}
        </header>
        {inForce !== undefined && (
          <RulesetEditor
            key={inForce}
            {...{ api, realm }}
            inForce={inForce}
            onSet={(version) => void isSet(version)}
          />
        )}
      </section>
      <div class="beside">
        <section class="card" aria-labelledby="history">
          <header>
            <h2 id="history">History</h2>
          </header>
          {note}
          <ol class="history">
            {history.toReversed().map(({ version, at, note: why, changed, actor }) => (
              <li key={version}>
                <div>
                  <strong>Version {version}</strong>
                  {version === inForce && <small class="good"> ✓ in force</small>}
                  <small>
                    {new Date(at).toLocaleString()} · {actor.id} ·{" "}
                    {changed === 1 ? "1 change" : `${changed} changes`}
                    {why !== undefined && ` · ${why}`}
                  </small>
                </div>
                <p class="acts">
                  {version > 1 && (
                    <button type="button" disabled={busy} onClick={() => void show(version - 1, version)}>
                      What changed
                    </button>
                  )}
                  {version !== inForce && (
                    <>
                      <button type="button" disabled={busy} onClick={() => void show(version, inForce!)}>
                        Compare with now
                      </button>
                      <button type="button" disabled={busy} onClick={() => void rollBack(version)}>
                        Roll back to it
                      </button>
                    </>
                  )}
                </p>
              </li>
            ))}
          </ol>
        </section>
        {compared !== undefined && (
          <section class="card" aria-labelledby="diff">
            <header>
              <h2 id="diff">
                Version {compared.from} → {compared.to}
              </h2>
            </header>
            <DiffTable changes={compared.changes} />
          </section>
        )}
      </div>
    </div>
  );
}
