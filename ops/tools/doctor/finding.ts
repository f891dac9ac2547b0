/** What the doctor finds at a place of a realm. `todo`: absent where all is well. */
export type Finding = { place: string; says: string; todo?: string };
