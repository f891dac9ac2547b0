import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { FigureReader, samplesOf } from "./figures.ts";

test("samples are read with their labels, comments are not", () => {
  const page = '# HELP a b\na_total{stage="ingest",reason="a \\"b\\""} 12\nb 1.5\n';
  expect(samplesOf(page)).toEqual([
    {
      name: "a_total",
      labels: new Map([
        ["stage", "ingest"],
        ["reason", 'a \\"b\\"'],
      ]),
      value: 12,
    },
    { name: "b", labels: new Map(), value: 1.5 },
  ]);
});

test("a stage that was started again keeps what it had counted, and one that is down has no lag", async () => {
  const outputs = (stage: string, kind: string, reason: string, value: number) =>
    `amoi_stage_outputs_total{stage="${stage}",realm="r",kind="${kind}",reason="${reason}"} ${value}\n`;
  let page =
    outputs("ingest", "valid", "candidate", 90) +
    outputs("ingest", "rejected", "schema", 10) +
    outputs("normalizer", "rejected", "duplicate", 5) +
    outputs("normalizer", "accepted", "whole", 85) +
    'amoi_stage_outputs_total{stage="normalizer",realm="other",kind="accepted",reason="whole"} 7\n' +
    'amoi_clipped_millipoints_total{realm="r",by="user_day"} 1500\n' +
    'amoi_stage_lag_messages{stage="ingest",realm="r"} 4\n';
  const server = createServer((_, response) => response.end(page));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const pages = new Map([
    ["ingest", `http://127.0.0.1:${port}/metrics`],
    ["simulator", "http://127.0.0.1:9/metrics"],
  ]);
  const reader = new FigureReader(pages, "r");
  expect(await reader.read()).toEqual({
    received: 100,
    accepted: 85,
    quarantined: 0,
    rejected: 15,
    clippedMilli: 1_500,
    lag: new Map([["ingest", 4]]),
  });
  page = outputs("ingest", "valid", "candidate", 3);
  expect(await reader.read()).toMatchObject({ received: 103, rejected: 15 });
  server.close();
});
