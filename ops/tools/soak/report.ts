/** What a soak saw, as a table of its quarters and as a picture. Pure. */
import Table from "cli-table3";
import { curves, type Panel } from "../curves.ts";
import { median } from "../median.ts";
import type { Observation } from "./observe.ts";

const MIB = 1_024 * 1_024;
const whole = (value: number): string => value.toFixed(0);
const QUARTERS = 4;

/** Requests to JetStream's API a minute between one observation and the one before. */
function requestsPerMinute(observations: readonly Observation[]): [number, number][] {
  return observations.slice(1).map((now, i) => {
    const before = observations[i]!;
    return [now.atMs, ((now.apiRequests - before.apiRequests) * 60_000) / (now.atMs - before.atMs)];
  });
}

const namesOf = (observations: readonly Observation[]): string[] => [
  ...new Set(observations.flatMap(({ processes }) => Object.keys(processes))),
];

const seriesOf = (
  observations: readonly Observation[],
  value: (observation: Observation) => number | undefined,
): [number, number][] =>
  observations.flatMap((one) => {
    const y = value(one);
    return y === undefined ? [] : [[one.atMs, y] as [number, number]];
  });

/** The median of each quarter of the time, by figure: what is flat has four equal columns. */
export function quarters(observations: readonly Observation[]): string {
  const rows: [string, [number, number][]][] = [
    ["consumers", seriesOf(observations, ({ consumers }) => consumers)],
    ["JetStream API requests a minute", requestsPerMinute(observations)],
    ["lag, messages", seriesOf(observations, ({ lag }) => lag)],
    ...namesOf(observations).flatMap((name): [string, [number, number][]][] => [
      [
        `${name}, MiB`,
        seriesOf(observations, ({ processes }) => processes[name] && processes[name].rssBytes / MIB),
      ],
      [`${name}, sockets`, seriesOf(observations, ({ processes }) => processes[name]?.sockets)],
    ]),
  ];
  const [from, to] = [observations[0]!.atMs, observations.at(-1)!.atMs];
  const table = new Table({ head: ["median of a quarter", "1st", "2nd", "3rd", "4th"], style: { head: [] } });
  for (const [name, points] of rows) {
    const byQuarter = Array.from({ length: QUARTERS }, (_, quarter) =>
      points
        .filter(
          ([ms]) => Math.min(QUARTERS - 1, Math.floor(((ms - from) / (to - from)) * QUARTERS)) === quarter,
        )
        .map(([, value]) => value),
    );
    table.push([name, ...byQuarter.map((values) => (values.length === 0 ? "–" : whole(median(values))))]);
  }
  return table.toString();
}

export function picture(title: string, observations: readonly Observation[]): string {
  const [from, to] = [observations[0]!.atMs, observations.at(-1)!.atMs];
  const names = namesOf(observations);
  const panels: Panel[] = [
    {
      title: "resident memory, MiB",
      text: whole,
      fromZero: true,
      lines: names.map((name) => ({
        name,
        points: seriesOf(observations, ({ processes }) => processes[name] && processes[name].rssBytes / MIB),
      })),
    },
    {
      title: "JetStream consumers",
      text: whole,
      fromZero: true,
      lines: [{ name: "consumers", points: seriesOf(observations, ({ consumers }) => consumers) }],
    },
    {
      title: "open sockets",
      text: whole,
      fromZero: true,
      lines: names.map((name) => ({
        name,
        points: seriesOf(observations, ({ processes }) => processes[name]?.sockets),
      })),
    },
    {
      title: "lag of all stages and realms, messages",
      text: whole,
      fromZero: true,
      lines: [{ name: "lag", points: seriesOf(observations, ({ lag }) => lag) }],
    },
    {
      title: "JetStream API requests a minute, pulls aside",
      text: whole,
      fromZero: true,
      lines: [{ name: "requests", points: requestsPerMinute(observations) }],
    },
  ];
  return curves(title, { from, to, label: (ms) => `minute ${whole((ms - from) / 60_000)}` }, panels);
}
