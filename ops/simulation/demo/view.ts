/** What the demo shows: a live table on a terminal, elsewhere one plain line per tick. */
import { styleText } from "node:util";
import Table from "cli-table3";
import type { PublicState } from "../../../shared/contracts/world.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Figures } from "./figures.ts";

export type Scene = {
  realm: string;
  feedUrl: string;
  pageUrl: string;
  /** Ticks after which the demo ends; absent: it doesn't. */
  ticksWanted?: number;
  figures: Figures;
  /** Candidates a second, of late. */
  perSecond: number;
  chronicle: Chronicle;
  /** As the feed has it; absent before its first snapshot. */
  state?: PublicState;
};

const count = (value: number) => `${value}`.replace(/\B(?=(\d{3})+$)/g, " ");
const percent = (bp: number) => `${Math.floor(bp / 100)}.${Math.floor((bp % 100) / 10)} %`;
const points = (milli: number) => `${count(Math.floor(milli / 1_000))} pt`;
const bar = (bp: number, width: number) => {
  const full = Math.round((bp * width) / 10_000);
  return "█".repeat(full) + "░".repeat(width - full);
};
const clippedMilli = ({ figures, chronicle }: Scene) => figures.clippedMilli + chronicle.burstClippedMilli;
const lags = ({ lag }: Figures) =>
  [...lag].map(([stage, messages]) => `${stage} ${count(messages)}`).join(" · ");

/** Where the feed stands, if it lags behind the ticks. */
const feedPlace = ({ chronicle, state }: Scene): string[] => {
  const tick = state?.tick ?? 0;
  return chronicle.lastTick - tick > 2 ? [`feed at tick ${tick}`] : [];
};

const strongest = (control: Record<string, number>): [faction: string, bp: number] =>
  Object.entries(control).reduce((best, entry) => (entry[1] > best[1] ? entry : best), ["", 0]);

/** One line for a tick. */
export function plainLine(scene: Scene): string {
  const { figures, chronicle, state } = scene;
  const factions = Object.entries(state?.factions ?? {});
  const territories = Object.entries(state?.territories ?? {});
  return [
    `tick ${chronicle.lastTick}`,
    `in ${figures.received}`,
    `accepted ${figures.accepted}`,
    `quarantined ${figures.quarantined}`,
    `rejected ${figures.rejected}`,
    `capped ${Math.floor(clippedMilli(scene) / 1_000)} pt`,
    `lag ${[...figures.lag.values()].reduce((sum, lag) => sum + lag, 0)}`,
    ...feedPlace(scene),
    `shares ${factions.map(([id, { share_bp }]) => `${id} ${percent(share_bp)}`).join(", ")}`,
    `controllers ${territories.map(([id, { controller }]) => `${id} ${controller ?? "nobody"}`).join(", ")}`,
    ...chronicle.news.filter((sentence) => sentence.startsWith(`tick ${chronicle.lastTick}:`)),
  ].join(" · ");
}

const SIDES = ["top", "bottom", "left", "right", "mid"];
const NO_BORDERS = Object.fromEntries(
  SIDES.flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`]).map((name) => [name, ""]),
);

/** Without borders: all of it has to fit into a terminal of 24 lines. */
function table(head: string[], rows: string[][]): string {
  const style = { head: [], border: [], "padding-left": 0, "padding-right": 0 };
  const lines = new Table({ head: head.map(faint), style, chars: { ...NO_BORDERS, middle: "   " } });
  lines.push(...rows);
  return lines.toString();
}
const faint = (text: string) => styleText("dim", text);

/** The whole live picture. */
export function picture(scene: Scene): string {
  const { figures, chronicle, state } = scene;
  const of = scene.ticksWanted === undefined ? "" : ` · ${chronicle.ticks} of ${scene.ticksWanted} ticks`;
  const flow = table(
    ["candidates in", "accepted", "quarantined", "rejected", "capped"],
    [
      [
        `${count(figures.received)} (${scene.perSecond}/s)`,
        count(figures.accepted),
        count(figures.quarantined),
        count(figures.rejected),
        points(clippedMilli(scene)),
      ],
    ],
  );
  const shares = table(
    ["faction", "share", "", "trend", "influence"],
    Object.entries(state?.factions ?? {}).map(([id, { share_bp, trend_bp, influence }]) => [
      id,
      percent(share_bp),
      bar(share_bp, 30),
      `${trend_bp < 0 ? "-" : "+"}${percent(Math.abs(trend_bp))}`,
      points(influence),
    ]),
  );
  const map = table(
    ["territory", "controller", "control", "strongest", ""],
    Object.entries(state?.territories ?? {}).map(([id, { controller, control, contested }]) => {
      const [faction, bp] = strongest(control);
      return [
        id,
        controller ?? "nobody",
        bar(bp, 20),
        `${faction} ${percent(bp)}`,
        contested === 1 ? "contested" : "",
      ];
    }),
  );
  return [
    `${styleText("bold", `realm ${scene.realm} · tick ${chronicle.lastTick}`)}${of} · Ctrl-C ends`,
    `page ${scene.pageUrl}   feed ${scene.feedUrl}`,
    flow,
    `${faint("lag")} ${[lags(figures), ...feedPlace(scene)].join(" · ")}`,
    shares,
    map,
    ...chronicle.news,
  ].join("\n");
}

/** `age_of_iron, relic_storm × 3`. */
export function triggered({ triggers }: Chronicle): string {
  const counts = new Map<string, number>();
  for (const key of triggers) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].map(([key, times]) => (times === 1 ? key : `${key} × ${times}`)).join(", ") || "none";
}

/** The run in a few lines, for its end. */
export function summary(scene: Scene, seconds: number): string {
  const { figures, chronicle } = scene;
  return [
    `${chronicle.ticks} ticks in ${Math.round(seconds)} s; the world stands at tick ${chronicle.lastTick}, hash ${chronicle.lastHash}`,
    `candidates: in ${count(figures.received)}, accepted ${count(figures.accepted)}, quarantined ${count(figures.quarantined)}, ` +
      `rejected ${count(figures.rejected)}, capped ${points(clippedMilli(scene))}`,
    `territories that changed hands: ${chronicle.flips}; triggers: ${triggered(chronicle)}`,
  ].join("\n");
}
