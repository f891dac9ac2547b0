import { expect, test } from "vitest";
import { decodeFrame } from "../../shared/clients/typescript/feed-client.ts";
import { ScriptedWorld } from "../testing/scripted-world.ts";
import { encodeFrame } from "./encode.ts";

const world = new ScriptedWorld("amoi-1");
const wideNumbers = {
  zero: 0,
  negative: -1,
  int32: -0x8000_0000,
  below_int32: -0x8000_0001,
  uint32: 0xffff_ffff,
  above_uint32: 0x1_0000_0000,
  largest: Number.MAX_SAFE_INTEGER,
  smallest: Number.MIN_SAFE_INTEGER,
};
const { delta, snapshot } = world.tick(
  { factions: { empire: { resources: wideNumbers, modifiers: { constructor: 1 } }, veilborn: null } },
  [{ tick: 1, n: 0, kind: "flip", territory: "iron_gate", to: "freeholds" }],
);
const deltaFrame = { type: "delta" as const, epoch: "e1", ...delta };
const snapshotFrame = {
  type: "snapshot" as const,
  realm: "amoi-1",
  epoch: "e1",
  tick: 1,
  hash: snapshot.public_hash,
  state: snapshot.state.public,
};

test("frames come back as they were, with every integer exact", () => {
  for (const frame of [deltaFrame, snapshotFrame, { type: "resync" as const, reason: "slow" as const }])
    expect(decodeFrame(encodeFrame(frame).bytes)).toEqual(frame);
});

test("a decoder that knows the msgpack specification alone reads them, and finds no float", () => {
  expect(decodePlainly(encodeFrame(deltaFrame).bytes)).toEqual(deltaFrame);
  expect(decodePlainly(encodeFrame(snapshotFrame).bytes)).toEqual(snapshotFrame);
});

test("encoding one frame doesn't change the bytes of another that is held", () => {
  const held = encodeFrame(deltaFrame).bytes;
  const before = held.slice();
  for (let i = 0; i < 1_000; i++) encodeFrame(snapshotFrame);
  expect(held).toEqual(before);
});

/** Maps, arrays, strings, nil and integers of the msgpack specification, written from it. Throws on anything else. */
function decodePlainly(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const unsigned = (size: 1 | 2 | 4 | 8): number => {
    at += size;
    if (size === 8) return Number(view.getBigUint64(at - 8));
    return size === 1 ? view.getUint8(at - 1) : size === 2 ? view.getUint16(at - 2) : view.getUint32(at - 4);
  };
  const signed = (size: 1 | 2 | 4 | 8): number => {
    at += size;
    if (size === 8) return Number(view.getBigInt64(at - 8));
    return size === 1 ? view.getInt8(at - 1) : size === 2 ? view.getInt16(at - 2) : view.getInt32(at - 4);
  };
  const text = (length: number): string => {
    at += length;
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at - length, at));
  };
  const array = (length: number): unknown[] => Array.from({ length }, () => value());
  const map = (length: number): object =>
    Object.fromEntries(Array.from({ length }, () => [value() as string, value()]));
  const value = (): unknown => {
    const tag = unsigned(1);
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag <= 0x8f) return map(tag & 0x0f);
    if (tag <= 0x9f) return array(tag & 0x0f);
    if (tag <= 0xbf) return text(tag & 0x1f);
    const size = (1 << (tag & 3)) as 1 | 2 | 4 | 8;
    if (tag === 0xc0) return null;
    if (tag >= 0xcc && tag <= 0xcf) return unsigned(size);
    if (tag >= 0xd0 && tag <= 0xd3) return signed(size);
    if (tag >= 0xd9 && tag <= 0xdb) return text(unsigned([1, 2, 4][tag - 0xd9] as 1 | 2 | 4));
    if (tag === 0xdc || tag === 0xdd) return array(unsigned(tag === 0xdc ? 2 : 4));
    if (tag === 0xde || tag === 0xdf) return map(unsigned(tag === 0xde ? 2 : 4));
    throw new Error(`0x${tag.toString(16)} at ${at - 1} is no plain value`);
  };
  const decoded = value();
  if (at !== bytes.length) throw new Error("bytes are left over");
  return decoded;
}
