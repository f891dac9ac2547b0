/** The leaves that differ between two rulesets. */
import type { Difference } from "../api.ts";

export function DiffTable({ changes }: { changes: readonly Difference[] }) {
  if (changes.length === 0) return <p class="quiet">They are the same.</p>;
  return (
    <div class="scrolls">
      <table class="diff">
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">Was</th>
            <th scope="col">Is</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={change.path}>
              <th scope="row" class="mono">
                {change.path}
              </th>
              <td class="mono was">{shown(change, "from")}</td>
              <td class="mono is">{shown(change, "to")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const shown = (change: Difference, side: "from" | "to"): string =>
  side in change ? JSON.stringify(change[side]) : "—";
