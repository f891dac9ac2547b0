/**
 * Records an hour of the story into `fixtures/hour.ndjson`: `node ops/simulation/story/record.ts`. The same bytes each time; a test
 * asserts it. Every number here is part of the recording: change one and record again.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { tellStory } from "./storyteller.ts";

export const HOUR_FILE = fileURLToPath(new URL("../../../fixtures/hour.ndjson", import.meta.url));

/** The hour as NDJSON: realm `amoi-1` at the start of its first season, 12:00 to 13:00 UTC of a fixed day. */
export async function recordHour(): Promise<string> {
  const story = tellStory({
    seed: 20_250_115,
    realm: "amoi-1",
    ruleset: await loadRuleset("amoi-1"),
    startMs: Date.UTC(2025, 0, 15, 12),
    perHour: 3_000,
    actMs: 10 * 60_000,
    restingBp: 4_000,
    mishapsBp: 200,
  });
  let recording = "";
  for (const line of story) {
    if (line.atMs >= 3_600_000) break;
    recording += `${line.text}\n`;
  }
  return recording;
}

if (import.meta.main) await writeFile(HOUR_FILE, await recordHour());
