/** What every part of a territory on the map is drawn from. */
import type { RelicState, TerritoryState } from "../../../shared/contracts/world.ts";
import type { Heralds } from "../../../shared/web/heraldry.ts";
import type { Names } from "../../../shared/web/names.ts";
import type { Fall } from "../outlook.ts";

export type PlaceProps = {
  id: string;
  territory: TerritoryState;
  relics: [string, RelicState][];
  heralds: Heralds;
  names: Names;
  pressure: Record<string, 0 | 1 | 2>;
  /** The change of hands that is expected, where one is. */
  fall: Fall | undefined;
  tick: number;
  selected: boolean;
  onSelect: (id: string) => void;
};
