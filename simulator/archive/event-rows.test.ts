import { expect, test } from "vitest";
import { subjects } from "../../shared/subjects.ts";
import { rowsOf } from "./event-rows.ts";
import { accepted, judged } from "./testing.ts";

const REALM = "amoi-1";
const decision = {
  ...accepted(REALM, 7),
  explain: { note: 'a "quoted" \\ back\tslash, {"event_id":"not mine"}', left: { source: 1 } },
  later: "é\u{1f600}",
};
const quarantined = judged(accepted(REALM, 8), { validity_status: "quarantined", reason: "burst_user" });
const rows = (data: string, subject = subjects.accepted(REALM)) =>
  rowsOf(REALM, "EVENTS", { subject, seq: 5, atMs: 0, data: new TextEncoder().encode(data) });
/** Columns of a row, its payload parsed. */
const columns = ({ line }: { line: string }) =>
  line
    .trimEnd()
    .split("\t")
    .map((column, i) => (i === 8 ? JSON.parse(column.replaceAll("\\\\", "\\")) : column));

test("a decision makes the same row whether its frame is scanned or parsed", () => {
  const bodies = [decision, quarantined, { ...decision, event_id: undefined, normalized_points: undefined }];
  const scanned = rows(JSON.stringify(bodies)).map(columns);
  expect(rows(JSON.stringify(bodies, null, 1)).map(columns)).toEqual(scanned);
  expect(scanned[0]).toEqual([
    REALM,
    "EVENTS",
    "5",
    "0",
    decision.event_id,
    "player",
    "user-7",
    "territory_push",
    decision,
    `${decision.normalized_points}`,
    "accepted",
    "\\N",
    decision.received_at,
  ]);
  expect(scanned[2]?.[4]).toBe("\\N");
});

test("what no frame is, and what can't be stored as it is, becomes a row all the same", () => {
  expect(columns(rows("{}")[0]!).slice(4, 8)).toEqual(["unreadable-5-0", "system", "\\N", "unreadable"]);
  const [row] = rows(JSON.stringify([{ ...decision, later: "a\0\ud800" }]));
  expect((columns(row!)[8] as { later: string }).later).toBe("a\\u0000\ufffd");
});
