import { expect, test } from "vitest";
import { chaos } from "./main.ts";

test("stages and NATS killed under load lose nothing, double nothing, and end in the oracle's state", async () => {
  const report = await chaos({ kills: 12, seed: Date.now() % 1_000_000, load: 200, say: () => {} });
  expect(report.problems).toEqual([]);
  expect([report.lost, report.doubled]).toEqual([0, 0]);
  expect(report.published).toBeGreaterThan(500);
  expect(report.ticks).toBeGreaterThan(3);
}, 180_000);
