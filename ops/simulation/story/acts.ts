/** Acts: the tide of the story. In turn each faction surges, the others answer, and each round ends with a truce. Pure. */

export type Act = {
  name: string;
  /** By faction: of 10 000 deeds that its players could do, how many they do. The sum is the same in every act. */
  vigourBp: ReadonlyMap<string, number>;
};

/**
 * Every act of a round, in order. `factionIds`: at least two. `restingBp`: the vigour of a faction that another's surge
 * leaves behind; the lower, the stronger the tide.
 */
export function actsOf(factionIds: readonly string[], restingBp: number): Act[] {
  const others = factionIds.length - 1;
  const sum = 10_000 + restingBp * others;
  const answering = Math.floor((sum - restingBp) / others);
  const act = (name: string, vigour: (factionId: string) => number): Act => ({
    name,
    vigourBp: new Map(factionIds.map((id) => [id, vigour(id)])),
  });
  return [
    ...factionIds.flatMap((leader) => [
      act(`surge of ${leader}`, (id) => (id === leader ? 10_000 : restingBp)),
      act(`answer to ${leader}`, (id) => (id === leader ? restingBp : answering)),
    ]),
    act("truce", () => Math.floor(sum / factionIds.length)),
  ];
}

/** Mean vigour over the factions, basis points: what part of all possible deeds is done. */
export const meanVigourBp = (factions: number, restingBp: number): number =>
  Math.floor((10_000 + restingBp * (factions - 1)) / factions);
