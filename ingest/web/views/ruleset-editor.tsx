/** The ruleset as JSON: what the draft would change is seen before it is sent, what is wrong with it is the API's word. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { differences } from "../../rulesets/diff.ts";
import { type Api, Refusal } from "../api.ts";
import { useAct } from "../notes.tsx";
import { DiffTable } from "./diff-table.tsx";

type Props = { api: Api; realm: string; inForce: number; onSet: (version: number) => void };
type Draft =
  | { kind: "same" }
  | { kind: "broken"; message: string }
  | { kind: "changed"; changes: ReturnType<typeof differences> };

export function RulesetEditor({ api, realm, inForce, onSet }: Props) {
  const [original, setOriginal] = useState<object>();
  const [text, setText] = useState("");
  const [noted, setNoted] = useState("");
  const { run, note, busy } = useAct();
  useEffect(() => {
    void run(async () => {
      const { ruleset } = await api.ruleset(realm, inForce);
      setOriginal(ruleset);
      setText(JSON.stringify(ruleset, null, 2));
      return undefined;
    });
  }, [api, realm, inForce]);

  const draft = useMemo((): Draft => {
    if (original === undefined) return { kind: "same" };
    try {
      const changes = differences(original, JSON.parse(text) as object);
      return changes.length === 0 ? { kind: "same" } : { kind: "changed", changes };
    } catch (error) {
      return { kind: "broken", message: (error as Error).message };
    }
  }, [original, text]);

  const set = () =>
    run(async () => {
      if (draft.kind === "broken") throw new Refusal(0, `this is not JSON: ${draft.message}`);
      const { version } = await api.setRuleset(realm, text, noted, inForce);
      onSet(version);
      return undefined;
    });
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void set();
      }}
    >
      <label>
        <span class="unseen">Ruleset as JSON</span>
        <textarea
          class="mono"
          name="ruleset"
          rows={24}
          spellcheck={false}
          value={text}
          aria-invalid={draft.kind === "broken"}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      {draft.kind === "broken" && <p class="note bad">Not JSON yet: {draft.message}</p>}
      {draft.kind === "changed" && (
        <>
          <h3>
            {draft.changes.length === 1 ? "1 change" : `${draft.changes.length} changes`} to version {inForce}
          </h3>
          <DiffTable changes={draft.changes} />
        </>
      )}
      <label>
        Why, for the log
        <input
          name="note"
          value={noted}
          maxLength={500}
          onInput={({ currentTarget }) => setNoted(currentTarget.value)}
        />
      </label>
      <p class="acts">
        <button type="submit" class="main" disabled={busy || draft.kind !== "changed"}>
          Put it in force
        </button>
        <button
          type="button"
          disabled={draft.kind === "same"}
          onClick={() => setText(JSON.stringify(original, null, 2))}
        >
          Start over
        </button>
      </p>
      {note}
    </form>
  );
}
