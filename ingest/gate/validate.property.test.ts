import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../../ops/testing/fuzz.ts";
import { Candidate } from "../../shared/contracts/candidate.ts";
import { Command, PlayerCommand } from "../../shared/contracts/command.ts";
import { INGEST_REASONS } from "../../shared/contracts/decision.ts";
import { MalformedInput, malformed } from "../testing/malformed-input.ts";
import { isCandidate } from "./compiled-schema.ts";
import { type GateResult, validate } from "./validate.ts";

const REALM = "gate";
const AT_MS = Date.parse("2026-03-01T12:00:00.000Z");
const CASES = runs(2_000);
const SCHEMAS = { candidate: Candidate, command: Command, player_command: PlayerCommand };

const verdictOn = ({ kind, data }: MalformedInput): GateResult =>
  validate({ kind, realm: REALM, data, atMs: AT_MS, source_seq: 7 });

const KINDS = { candidate: "candidate", command: "command", player_command: "command" };

/** Holds every verdict on hostile input to `holds`. */
const everyVerdict = (holds: (verdict: GateResult, sent: MalformedInput) => void) =>
  fc.assert(
    fc.property(malformed(REALM, AT_MS), (sent) => {
      holds(verdictOn(sent), sent);
    }),
    { numRuns: CASES },
  );

/** A body that was let through, without what ingest added. */
function bodyOf(verdict: Exclude<GateResult, { kind: "rejected" }>): Record<string, unknown> {
  const { received_at, source_seq, ...body } = verdict.valid;
  expect({ received_at, source_seq }).toEqual({ received_at: "2026-03-01T12:00:00.000Z", source_seq: 7 });
  const id = verdict.kind === "candidate" ? "event_id" : "command_id";
  const { [id]: made, ...sent }: Record<string, unknown> = body;
  expect(made).toMatch(/^[a-z2-7]{26}$/);
  return sent;
}

test("whatever arrives goes on as what it was sent as, or is rejected for a reason of the closed list; nothing throws", () => {
  everyVerdict((verdict, { kind }) => {
    if (verdict.kind === "rejected") {
      expect(verdict.rejection.kind).toBe(KINDS[kind]);
      expect(INGEST_REASONS).toContain(verdict.rejection.reason);
    } else expect(verdict.kind).toBe(KINDS[kind]);
    // VALID holds it as text, and whoever reads that sees the same.
    const text = JSON.stringify(verdict);
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
  });
});

test("a rejection holds the first KiB as text without NUL, and the hash of all of it", () => {
  everyVerdict((verdict, { data }) => {
    if (verdict.kind !== "rejected") return;
    const { head, sha256, message, path = "", received_at, source_seq } = verdict.rejection;
    expect(head.length).toBeLessThanOrEqual(1_024);
    expect(head).not.toContain("\0");
    expect(head.isWellFormed()).toBe(true);
    expect(sha256).toBe(createHash("sha256").update(data).digest("hex"));
    expect(Math.max(message.length, path.length)).toBeLessThanOrEqual(256);
    expect({ received_at, source_seq }).toEqual({ received_at: "2026-03-01T12:00:00.000Z", source_seq: 7 });
  });
});

test("what goes on is right by its schema, and would be let through again as the same", () => {
  everyVerdict((verdict, { kind }) => {
    if (verdict.kind === "rejected") return;
    const body = bodyOf(verdict);
    expect(SCHEMAS[kind].safeParse(body).error).toBeUndefined();
    const text = JSON.stringify(body);
    const again = verdictOn(new MalformedInput(kind, Buffer.from(text)));
    if (again.kind === "rejected") expect.fail(JSON.stringify(again.rejection));
    expect(JSON.stringify(bodyOf(again))).toBe(text);
  });
});

test("the compiled check says of every JSON body what the candidate's schema says", () => {
  fc.assert(
    fc.property(malformed(REALM, AT_MS), ({ data }) => {
      let body: unknown;
      try {
        body = JSON.parse(Buffer.from(data).toString("utf8"));
      } catch {
        return;
      }
      expect(isCandidate(body)).toBe(Candidate.safeParse(body).success);
    }),
    { numRuns: CASES },
  );
});

test("the hostile input meets every verdict and every reason", () => {
  const seen = new Set<string>();
  for (const sent of fc.sample(malformed(REALM, AT_MS), { numRuns: 2_000, seed: 1 })) {
    const verdict = verdictOn(sent);
    seen.add(verdict.kind === "rejected" ? verdict.rejection.reason : verdict.kind);
  }
  expect([...seen].sort()).toEqual([...INGEST_REASONS, "candidate", "command"].sort());
});
