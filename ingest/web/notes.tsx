/** What the API answered: a refusal with each field that is wrong, or a sentence. */
import { useState } from "preact/hooks";
import { Refusal } from "./api.ts";

export function ProblemNote({ problem }: { problem: Refusal }) {
  return (
    <div class="note bad" role="alert">
      <strong>{problem.status === 0 ? "No answer" : `Refused (${problem.status})`}:</strong>{" "}
      {problem.errors.length === 0 && problem.message}
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code>{path === "" ? "(the body)" : path}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export type Act = {
  busy: boolean;
  /** Runs one request at a time; what it answers is shown until the next. */
  run: (work: () => Promise<string | undefined>) => Promise<boolean>;
  note: preact.ComponentChild;
};

/** One thing done at a time, with what came of it. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [said, say] = useState<string>();
  const [problem, setProblem] = useState<Refusal>();
  const run: Act["run"] = async (work) => {
    setBusy(true);
    setProblem(undefined);
    say(undefined);
    try {
      say(await work());
      return true;
    } catch (error) {
      setProblem(error instanceof Refusal ? error : new Refusal(0, String(error)));
      return false;
    } finally {
      setBusy(false);
    }
  };
  const note = (
    <>
      <div role="status">{said !== undefined && <p class="note good">{said}</p>}</div>
      {problem !== undefined && <ProblemNote problem={problem} />}
    </>
  );
  return { busy, run, note };
}
