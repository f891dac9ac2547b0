/** Every territory in a line: the map for those who read rather than look. */
import { find } from "../../../shared/exact/by-id.ts";
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import { Sigil } from "../../../shared/web/sigil.tsx";
import { percent } from "../../../shared/web/words.ts";
import { expectedFall } from "../outlook.ts";
import type { Shown } from "../past.ts";
import type { Outlook } from "../reads.ts";
import { ShareBar } from "./share-bar.tsx";

type Props = {
  state: Shown;
  heralds: Heralds;
  names: Names;
  outlooks: Record<string, Outlook>;
  selected: string;
  onSelect: (id: string) => void;
};

export function TerritoryList({ state, heralds, names, outlooks, selected, onSelect }: Props) {
  return (
    <section class="card wide" aria-labelledby="territories">
      <header>
        <h2 id="territories">Territories</h2>
      </header>
      <ul class="territories">
        {Object.entries(state.territories)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([id, { controller, control, contested, instability }]) => {
            const fall = expectedFall(find(outlooks, id)?.forecast);
            const notes = [
              controller === undefined ? "nobody's" : names.faction(controller),
              `unrest ${percent(instability)}`,
              ...(contested ? ["⚔ contested"] : []),
              ...(fall === undefined ? [] : [`↯ ${names.faction(fall.to)} by tick ${fall.tick}`]),
            ];
            return (
              <li key={id} class={id === selected ? "chosen" : ""}>
                <button type="button" aria-pressed={id === selected} onClick={() => onSelect(id)}>
                  <Sigil faction={controller} heralds={heralds} />
                  <span>{names.territory(id)}</span>
                </button>
                <ShareBar shares={control} heralds={heralds} names={names} />
                <small>{notes.join(" · ")}</small>
              </li>
            );
          })}
      </ul>
    </section>
  );
}
