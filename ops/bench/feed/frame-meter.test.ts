import { expect, test } from "vitest";
import { FrameMeter } from "./frame-meter.ts";

/** A server's binary frame. */
function frame(length: number, opcode = 2): Buffer {
  const body = Buffer.alloc(length, 0x2e);
  if (length > 7) body[7] = 0x64;
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), body]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, body]);
}

test("frames of every length are counted, wherever the bytes are cut; pings are not", () => {
  const sent = Buffer.concat(
    [0, 7, 8, 125, 126, 300, 65_535, 70_000].map((length) => frame(length)).concat(frame(4, 9), frame(20)),
  );
  for (const cut of [1, 2, 3, 7, 11, 64, 4_096, sent.length]) {
    const letters: number[] = [];
    const meter = new FrameMeter((letter) => letters.push(letter));
    for (let at = 0; at < sent.length; at += cut) meter.take(sent, at, Math.min(sent.length, at + cut));
    expect(letters).toEqual([0, 0, 0x64, 0x64, 0x64, 0x64, 0x64, 0x64, 0x64]);
  }
});
