import fc from "fast-check";
import { expect, test } from "vitest";
import { runs } from "../ops/testing/fuzz.ts";
import type { ValidCandidate } from "../shared/contracts/candidate.ts";
import { Accepted, type Decision, Quarantined, Rejected } from "../shared/contracts/decision.ts";
import { OutputBatch } from "../shared/stage/output-batch.ts";
import { bodiesOf } from "../shared/stream/codec.ts";
import { subjects } from "../shared/stream/subjects.ts";
import { foldCandidate, foldCommand } from "./core.ts";
import { normalizerStage } from "./stage.ts";
import { action, candidates, command, freshRealm, START_MS, TIGHT_RULES } from "./testing/builders.ts";

const CONTRACTS = { accepted: Accepted, quarantined: Quarantined, rejected: Rejected };
/** Few places in quarantine, so that it is full now and then. */
const RULES = {
  ...TIGHT_RULES,
  judgement: {
    ...TIGHT_RULES.judgement,
    quarantine: { ...TIGHT_RULES.judgement.quarantine, user_max: 1 },
  },
};
const OPEN_RELIEF = command(
  "campaign.open",
  { id: "relief", goal: 1_000, min_contributors: 1, ticks: 10 },
  { atMs: START_MS, seq: 1_000 },
);

function realm() {
  const state = freshRealm(RULES);
  foldCommand(state, { ...OPEN_RELIEF, source_seq: 0 });
  return state;
}

/** What ingest lets through, and sometimes what it never would: without its stakes, judging it throws. */
const sent = fc.array(fc.record({ action, campaign: fc.boolean(), poison: fc.nat(9) }), { maxLength: 60 });

test("what EVENTS says of a candidate is its decision, byte by byte, and what the contract says of it", () => {
  fc.assert(
    fc.property(sent, fc.integer({ min: 1, max: 50 }), (sent, bundleBodies) => {
      const all = [...candidates(sent.map((each) => each.action))].map((candidate, i): ValidCandidate => {
        const { campaign, poison } = sent[i]!;
        const { stakes, ...rest } = { ...candidate, ...(campaign ? { campaign_id: "relief" } : {}) };
        return (poison === 0 ? rest : { ...rest, stakes }) as ValidCandidate;
      });
      const [alone, staged, draft] = [realm(), realm(), new OutputBatch()];
      for (let at = 0; at < all.length; at += bundleBodies) {
        const data = Buffer.from(JSON.stringify(all.slice(at, at + bundleBodies)));
        normalizerStage.step(
          staged,
          { subject: subjects.validCandidate("r"), seq: at + 1, atMs: START_MS, data },
          draft,
        );
      }
      const written = draft.finish().flatMap(({ data }) => bodiesOf<Decision>(data as Uint8Array));
      // In the order of their fields too: replays and oracles compare texts.
      expect(written.map((each) => JSON.stringify(each))).toEqual(
        all.map((each) => JSON.stringify(foldCandidate(alone, each))),
      );
      for (const decision of written) {
        const whole = "stakes" in decision ? decision : { ...(decision as Decision), stakes: 0 };
        expect(CONTRACTS[whole.validity_status].safeParse(whole).error?.issues).toBeUndefined();
      }
    }),
    { numRuns: runs(200) },
  );
});
