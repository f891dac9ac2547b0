/**
 * Named crash points: the places where a process may die that matter for "nothing lost, nothing twice".
 * A chaos run arms one by `AMOI_CRASH_AT`; production refuses the variable.
 */
export type CrashPoint =
  | "before_read"
  | "after_read"
  | "before_commit"
  | "after_commit"
  | "before_flush"
  | "after_flush"
  | "before_snapshot"
  | "after_snapshot"
  | "before_archive"
  | "after_archive";

let armed: string | undefined;
let passages = 0;

/** `spec`: `<point>:<n>`; the process kills itself at the n-th passage. */
export function armCrash(spec: string | undefined): void {
  if (spec === undefined) return;
  const [point, n] = spec.split(":") as [string, string];
  armed = point;
  passages = Number(n);
}

export function crashPoint(point: CrashPoint): void {
  if (armed === point && --passages === 0) process.kill(process.pid, "SIGKILL");
}
