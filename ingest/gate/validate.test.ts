import { expect, test } from "vitest";
import { candidate } from "../../ops/testing/realm.ts";
import { MAX_CANDIDATE_BYTES } from "../../shared/contracts/candidate.ts";
import demo from "../../shared/rulesets/demo.json" with { type: "json" };
import { TRICKS } from "../testing/malformed-values.ts";
import { type GateResult, validate } from "./validate.ts";

const REALM = "gate";
const AT_MS = Date.parse("2026-03-01T12:00:00.000Z");
const HOUR_MS = 3_600_000;

const sent = (kind: "candidate" | "command", text: string | Uint8Array): GateResult =>
  validate({ kind, realm: REALM, data: Buffer.from(text), atMs: AT_MS, source_seq: 1 });
const right = candidate(REALM, { occurred_at: new Date(AT_MS).toISOString() });
const changed = (change: object) => sent("candidate", JSON.stringify({ ...right, ...change }));
const command = (kind: string, payload: object): string =>
  JSON.stringify({
    v: 1,
    idempotency_key: "command-1",
    realm_id: REALM,
    actor: { type: "gm", id: "tester" },
    kind,
    payload,
  });
/** `candidate`, `command`, or the reason and the path of a rejection. */
const said = (verdict: GateResult): string =>
  verdict.kind === "rejected"
    ? [verdict.rejection.reason, verdict.rejection.path].filter(Boolean).join(" at ")
    : verdict.kind;

test.each([
  ["24 h ago to the millisecond", -24 * HOUR_MS, "candidate"],
  ["24 h and 1 ms ago", -24 * HOUR_MS - 1, "stale at occurred_at"],
  ["1 ms less than 24 h ago", -24 * HOUR_MS + 1, "candidate"],
  ["5 min ahead to the millisecond", 5 * 60_000, "candidate"],
  ["5 min and 1 ms ahead", 5 * 60_000 + 1, "future at occurred_at"],
  ["1 ms less than 5 min ahead", 5 * 60_000 - 1, "candidate"],
])("what occurred %s is %3$s", (_when, byMs, expected) => {
  expect(said(changed({ occurred_at: new Date(AT_MS + byMs).toISOString() }))).toBe(expected);
});

test("a zone's offset moves no bound", () => {
  expect(said(changed({ occurred_at: "2026-03-01T02:00:00.000-10:00" }))).toBe("candidate");
  expect(said(changed({ occurred_at: "2026-03-01T21:05:00.001+09:00" }))).toBe("future at occurred_at");
});

test("a candidate has at most 16 KiB, blanks included", () => {
  const text = JSON.stringify(right);
  expect(said(sent("candidate", text.padEnd(MAX_CANDIDATE_BYTES)))).toBe("candidate");
  expect(said(sent("candidate", text.padEnd(MAX_CANDIDATE_BYTES + 1)))).toBe("too_large");
});

const IDS = [
  "idempotency_key",
  "realm_id",
  "faction_id",
  "user_id",
  "device_id",
  "session_id",
  "territory_id",
  "relic_id",
  "campaign_id",
  "action_key",
];
test.each(Object.entries(TRICKS).map(([what, text]) => [what, text]))("%s is in no id", (_what, text) => {
  const letThrough = IDS.filter((field) => said(changed({ [field]: `${text}` })) !== `schema at ${field}`);
  // An action's key and an idempotency key may hold dots, the latter is too short here.
  expect(letThrough).toEqual(text === "a.b" ? ["action_key"] : []);
});

test.each(["base_points", "stakes", "significance", "spend_tier", "v"])("%s is no string", (field) => {
  for (const text of ["1", "1e0", " 1", "１"])
    expect(said(changed({ [field]: text }))).toBe(`schema at ${field}`);
});

test("of a key that comes twice the last value goes on, and the key once", () => {
  const text = JSON.stringify(right).replace("{", '{"base_points":9999,"user_id":"eve",');
  const verdict = sent("candidate", text);
  expect(verdict).toMatchObject({ kind: "candidate", valid: { base_points: 100, user_id: "ada" } });
  expect(JSON.stringify(verdict).match(/"(base_points|user_id)"/g)).toHaveLength(2);
});

test("__proto__ is an unknown field like any other", () => {
  for (const value of ['{"user_id":"eve"}', "1", "null"])
    expect(said(sent("candidate", JSON.stringify(right).replace("{", `{"__proto__":${value},`)))).toBe(
      "schema at __proto__",
    );
});

const EVENT = "a".repeat(26);
const review = (decision: object) => command("review.reject", { event: EVENT, decision });
const nested = (levels: number) => `${"[".repeat(levels)}1${"]".repeat(levels)}`;

test("a reviewed decision is at most 16 levels deep: what is deeper could be read, but not written again", () => {
  const deep = (levels: number) => review({ x: "@" }).replace('"@"', nested(levels));
  expect(said(sent("command", deep(15)))).toBe("command");
  for (const levels of [16, 10_000, 100_000])
    expect(said(sent("command", deep(levels)))).toBe("schema at payload.decision");
});

test.each([
  ["half of a surrogate pair", "\ud83d"],
  ["NUL", "\0"],
])("%s is in no name and no note, since no state with it could be kept", (_what, text) => {
  const factions = { ...demo.factions, empire: { name: `Emp${text}ire` } };
  expect(said(sent("command", command("ruleset.set", { ruleset: { ...demo, factions } })))).toBe(
    "schema at payload.ruleset.factions.empire.name",
  );
  expect(said(sent("command", command("ruleset.set", { ruleset: demo, note: text })))).toBe(
    "schema at payload.note",
  );
  expect(said(sent("command", review({ note: text })))).toBe("schema at payload.decision");
  expect(said(sent("command", review({ [text]: 1 })))).toBe("schema at payload.decision");
});

test("a number beyond all numbers is not let through to become null", () => {
  expect(said(sent("command", review({ x: 7 }).replace("7", "1e999")))).toBe("schema at payload.decision");
});

test("a head of NULs has 1 024 characters, none of them NUL", () => {
  const verdict = sent("candidate", new Uint8Array(2_000));
  expect(verdict).toMatchObject({ kind: "rejected", rejection: { reason: "not_json" } });
  if (verdict.kind === "rejected") expect(verdict.rejection.head).toBe("\\u0000".repeat(171).slice(0, 1_024));
});
