import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRuleset } from "../../../shared/rulesets/rulesets.ts";
import { play, started } from "../../../simulator/testing/builders.ts";
import { runCommand } from "../../testing/run-command.ts";
import { publishRecords } from "../replay/publish.ts";
import type { Source } from "../replay/source.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "amoisekai-verify-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const first = started(await loadRuleset("amoi-1"));
const ticks = [first, ...play(first, [{}, {}])];
const records = ticks.map(({ record }) => record);
const written = async (name: string, content: unknown) => {
  const file = join(dir, name);
  await writeFile(file, JSON.stringify(content));
  return file;
};

test("a state is held against its tick, and a file without one is no state that holds", async () => {
  const chain = await written("chain.json", records);
  const verify = (...args: string[]) => runCommand("ops/tools/verify-world/main.ts", [chain, ...args], {});
  const right = await verify("--state", await written("state.json", ticks[1]!.state.public));
  expect(right).toMatchObject({ code: 0, err: "" });
  expect(right.out).toContain("the state is that of tick 1");
  const wrong = await verify(
    "--state",
    await written("other.json", { ...ticks[1]!.state.public, season: 2 }),
  );
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain("BROKEN at tick 1, field public_hash");
  for (const odd of [null, 0, {}]) {
    const none = await verify("--state", await written("none.json", odd));
    expect(none).toMatchObject({ code: 2, out: "" });
    expect(none.err).toContain("none.json holds no state");
  }
});

test("a chain is published whole or not at all: ticks that are missing at its end are named", async () => {
  const source = {
    realm: "amoi-1",
    lastTick: 2,
    async *records(from: number) {
      yield* records.slice(from, 2);
    },
  } as Partial<Source> as Source;
  const publish = (range: { from?: number; to?: number }) =>
    publishRecords(source, join(dir, "published.ndjson"), range);
  expect(await publish({ to: 1 })).toBe(2);
  await expect(publish({})).rejects.toThrow("tick 2: no record where it should be");
  for (const range of [{ to: 3 }, { from: 2, to: 1 }])
    await expect(publish(range)).rejects.toThrow("amoi-1 is recorded up to tick 2");
});
