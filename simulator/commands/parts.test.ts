import { expect, test } from "vitest";
import {
  MAX_COMMANDS_BYTES,
  type SettledCommand,
  SettledCommandsPart,
} from "../../shared/contracts/settled-command.ts";
import { MAX_BATCH_MESSAGES } from "../../shared/stream/topology.ts";
import { simulatorStage } from "../stage.ts";
import { commandsParts } from "./parts.ts";

const settled = (count: number): SettledCommand[] =>
  Array.from({ length: count }, (_, i) => {
    const id =
      "abcdefghijklmnopqrstuvwxyz".slice(0, 20) +
      String(i)
        .padStart(6, "2")
        .replace(/[0189]/g, "7");
    return i % 3 === 0 ? { id, status: "refused", reason: "unknown_option" } : { id, status: "applied" };
  });

test("a tick that decided no command has no part", () => {
  expect(commandsParts("amoi-1", 7, [])).toEqual([]);
});

test("parts count up, hold every command once in log order, and stay within 256 KiB", () => {
  const all = settled(20_000);
  const texts = commandsParts("amoi-1", 7, all);
  const parts = texts.map((text) => SettledCommandsPart.parse(JSON.parse(text)));
  expect(texts.length).toBeGreaterThan(4);
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_COMMANDS_BYTES);
  expect(parts.map(({ part, parts: of }) => [part, of])).toEqual(texts.map((_, i) => [i + 1, texts.length]));
  expect(parts.flatMap((part) => part.commands)).toEqual(all);
});

test("a tick with every part that it may have fits into a batch with its position", () => {
  expect(simulatorStage.maxInputOutputs).toBeLessThan(MAX_BATCH_MESSAGES);
});
