/** Taking messages off a reader within a time. */
import type { Input, Reader } from "./reader.ts";

/** Up to `max` messages, or none after `ms` without one or once the signal is aborted. Throws as `take` does. */
export async function takeWithin(
  reader: Reader,
  max: number,
  ms: number,
  signal: AbortSignal,
): Promise<Input[]> {
  const patience = new AbortController();
  const give = () => patience.abort();
  const timer = setTimeout(give, ms);
  signal.addEventListener("abort", give);
  if (signal.aborted) give();
  try {
    return await reader.take(max, patience.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", give);
  }
}
