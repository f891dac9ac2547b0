import { expect, test } from "vitest";
import { addressOf, shifted } from "./address.ts";
import { linesOf } from "./ndjson.ts";
import { lineNumbers } from "./tally.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const line = (fields: object) => addressOf(bytes(JSON.stringify(fields)));
const address = { realm_id: "amoi-1", user_id: "u1", idempotency_key: "key-0001" };

test("a line with realm, player and key has an address, whatever else is wrong with it", () => {
  expect(line({ ...address, base_points: -1 })).toMatchObject({ msgId: "c.u1.key-0001" });
});

test("a line that no message id can be made for is refused with the field", () => {
  expect(addressOf(bytes("{"))).toEqual({ refused: "not JSON" });
  expect(addressOf(new Uint8Array([0x22, 0xff, 0x22]))).toEqual({ refused: "not JSON" });
  expect(addressOf(bytes("[1]"))).toEqual({ refused: "not a JSON object" });
  expect(line({ ...address, realm_id: "a.>" })).toEqual({ refused: "no usable realm_id" });
  expect(line({ ...address, user_id: 7 })).toEqual({ refused: "no usable user_id" });
  expect(line({ ...address, idempotency_key: "short" })).toEqual({ refused: "no usable idempotency_key" });
});

test("a shift moves the time and leaves every other byte", () => {
  const text =
    '{ "n":1.0, "occurred_at" : "2025-01-15T19:00:00+07:00","note":"\\"occurred_at\\":\\"2025\\"" }';
  expect(shifted(text, 60_000)).toBe(
    '{ "n":1.0, "occurred_at" : "2025-01-15T12:01:00.000Z","note":"\\"occurred_at\\":\\"2025\\"" }',
  );
  expect(shifted('{"occurred_at":"yesterday"}', 60_000)).toBe('{"occurred_at":"yesterday"}');
  expect(shifted('{"occurred_at":"+275760-09-13T00:00:00Z"}', 60_000)).toContain("+275760");
});

test("lines keep their numbers across chunks, empty ones and Windows ends", async () => {
  async function* chunks() {
    yield bytes("on");
    yield bytes("e\r\n\ntwo\nth");
    yield bytes("ree");
  }
  const lines: string[] = [];
  for await (const { number, bytes: of } of linesOf(chunks())) lines.push(`${number} ${Buffer.from(of)}`);
  expect(lines).toEqual(["1 one", "3 two", "4 three"]);
});

test("line numbers are listed sorted, neighbours joined", () => {
  expect(lineNumbers([9, 3, 8, 7])).toBe("lines 3, 7-9");
  expect(lineNumbers([5])).toBe("line 5");
});
