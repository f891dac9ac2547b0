import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chooseEngine } from "./choose-engine.ts";
import HASHES from "./uws-binaries.json" with { type: "json" };
import { BINARY, binariesDir, checkBinary, NoBinary, WrongBinary } from "./uws-binary.ts";

test("the table has the SHA-256 of every binary of the locked package, and no other", () => {
  const dir = binariesDir();
  const found = readdirSync(dir).map((name) => [
    name,
    createHash("sha256")
      .update(readFileSync(join(dir, name)))
      .digest("hex"),
  ]);
  expect(Object.fromEntries(found)).toEqual(HASHES);
  expect(Object.keys(HASHES)).toContain(BINARY);
});

test("a binary of which one byte differs is refused with what to do", () => {
  const dir = mkdtempSync(join(tmpdir(), "amoisekai-uws-"));
  const bytes = readFileSync(join(binariesDir(), BINARY));
  writeFileSync(join(dir, BINARY), bytes);
  checkBinary(dir);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(dir, BINARY), bytes);
  expect(() => checkBinary(dir)).toThrow(WrongBinary);
  expect(() => checkBinary(dir)).toThrow(/npm ci.*AMOI_FEED_ENGINE=ws/);
});

test("where no binary fits ws serves and says why, unless uws is demanded; one that differs is never passed over", async () => {
  const missing = async () => checkBinary(binariesDir(), "uws_plan9_mips_999.node") as never;
  expect(await chooseEngine(undefined, missing)).toMatchObject({
    name: "ws",
    instead: "uWebSockets.js has no uws_plan9_mips_999.node",
  });
  await expect(chooseEngine("uws", missing)).rejects.toThrow(NoBinary);
  const wrong = async () => {
    throw new WrongBinary("it differs");
  };
  await expect(chooseEngine(undefined, wrong)).rejects.toThrow(WrongBinary);
  expect((await chooseEngine("ws", wrong)).name).toBe("ws");
  expect(await chooseEngine()).toMatchObject({ name: "uws" });
});
