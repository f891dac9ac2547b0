import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";
import { pause } from "./pause.ts";

test("each failure doubles the pause up to the longest, jittered downwards by half at most; a success starts anew", () => {
  const backoff = new Backoff({ first: 100, longest: 1_000 });
  for (const most of [100, 200, 400, 800, 1_000, 1_000]) {
    const ms = backoff.next();
    expect(ms).toBeGreaterThanOrEqual(most / 2);
    expect(ms).toBeLessThanOrEqual(most);
  }
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(100);
});

test("an aborted signal ends a pause, and one that was aborted before never begins it", async () => {
  const stop = new AbortController();
  const waiting = pause(60_000, stop.signal);
  stop.abort();
  await waiting;
  await pause(60_000, stop.signal);
});
