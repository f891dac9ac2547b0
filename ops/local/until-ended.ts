const PARENT_CHECK_MS = 500;

/**
 * Aborted when somebody ends this command: Ctrl-C, `kill`, the terminal closing or, where npm runs it, the death of npm.
 * `environment` tells whether npm does.
 */
export function untilEnded(environment: Record<string, string | undefined>): AbortSignal {
  const ended = new AbortController();
  // `on`, not `once`: a second Ctrl-C must not cut short the ending of the processes.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => ended.abort(new Error(name)));
  // A terminal that closed takes no more lines, and that is no reason to die before the processes do.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  if (environment.npm_lifecycle_event !== undefined) {
    const npm = process.ppid;
    // A killed npm passes no signal on, and whoever killed it wanted the stack gone.
    setInterval(() => process.ppid !== npm && ended.abort(new Error("npm is gone")), PARENT_CHECK_MS).unref();
  }
  return ended.signal;
}
