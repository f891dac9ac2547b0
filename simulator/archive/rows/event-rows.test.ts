import { expect, test } from "vitest";
import { ForeignMessage } from "../../../shared/stage/refusal.ts";
import { subjects } from "../../../shared/stream/subjects.ts";
import { accepted } from "../testing/database.ts";
import { rowsOf } from "./event-rows.ts";

const REALM = "amoi-1";
const decision = {
  ...accepted(REALM, 7),
  explain: { note: 'a "quoted" \\ back\tslash, {"event_id":"not mine"}', left: { source: 1 } },
  later: "é\u{1f600}",
};
const other = { ...accepted(REALM, 8), reason: "released" };
const rows = (data: string, subject = subjects.accepted(REALM)) =>
  rowsOf(REALM, "EVENTS", { subject, seq: 5, atMs: 0, data: new TextEncoder().encode(data) });
/** Columns of a row, its payload parsed. */
const columns = ({ line }: { line: string }) =>
  line
    .trimEnd()
    .split("\t")
    .map((column, i) => (i === 8 ? JSON.parse(column.replaceAll("\\\\", "\\")) : column));

test("a decision makes the same row whether its bundle is scanned or parsed", () => {
  const bodies = [decision, other];
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
  expect(scanned[1]?.[11]).toBe("released");
});

test("what its subject doesn't have is foreign, whichever of its columns is wrong", () => {
  const foreign = [
    "{}",
    "[]",
    "[7]",
    JSON.stringify([decision, { ...decision, event_id: undefined }]),
    JSON.stringify([{ ...decision, normalized_points: "7" }]),
    JSON.stringify([{ ...decision, validity_status: "rejected" }]),
    JSON.stringify([{ ...decision, realm_id: "another" }]),
    JSON.stringify([{ ...decision, received_at: 5 }]),
  ];
  for (const data of foreign) expect(() => rows(data), data).toThrow(ForeignMessage);
});

test("text that can't be stored as it is becomes a row all the same", () => {
  const [row] = rows(JSON.stringify([{ ...decision, later: "a\0\ud800" }]));
  expect((columns(row!)[8] as { later: string }).later).toBe("a\\u0000\ufffd");
});
