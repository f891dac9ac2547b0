/** What a chaos run is asked for. */
export type ChaosOptions = {
  kills: number;
  seed: number;
  /** Candidates a second. */
  load: number;
  say: (line: string) => void;
};
