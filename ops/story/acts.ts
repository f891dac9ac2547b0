/**
 * Acts: the tide of the story. In turn each faction surges, the others answer, and each round ends with a truce. Pure.
 *
 * In a surge the rest is nearly silent: the burst cap lets every faction gain the same at most, so a share of over 70 %
 * needs rivals that stay far below it.
 */

export type Act = {
  name: string;
  /** By faction: of 10 000 deeds that its players could do, how many they do. The sum is the same in every act. */
  vigourBp: ReadonlyMap<string, number>;
};

const RESTING_BP = 300;

/** Every act of a round, in order. `factionIds`: at least two. */
export function actsOf(factionIds: readonly string[]): Act[] {
  const others = factionIds.length - 1;
  const sum = 10_000 + RESTING_BP * others;
  const answering = Math.floor((sum - RESTING_BP) / others);
  const act = (name: string, vigour: (factionId: string) => number): Act => ({
    name,
    vigourBp: new Map(factionIds.map((id) => [id, vigour(id)])),
  });
  return [
    ...factionIds.flatMap((leader) => [
      act(`surge of ${leader}`, (id) => (id === leader ? 10_000 : RESTING_BP)),
      act(`answer to ${leader}`, (id) => (id === leader ? RESTING_BP : answering)),
    ]),
    act("truce", () => Math.floor(sum / factionIds.length)),
  ];
}

/** Mean vigour over the factions, basis points: what part of all possible deeds is done. */
export const meanVigourBp = (factions: number): number =>
  Math.floor((10_000 + RESTING_BP * (factions - 1)) / factions);
